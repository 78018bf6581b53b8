//! What time it is, for what is written into data sets.

use std::time::{SystemTime, UNIX_EPOCH};

use dicom_wire::moment::DAY;

/// Now, as a DT in UTC (PS3.5 6.2).
pub(crate) fn now_as_dt() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map(|now| now.as_secs()).unwrap_or_default();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}+0000")
}

/// The time so many seconds from now, as HTTP dates it (RFC 9110 5.6.7).
pub(crate) fn http_date(skew: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.map(|now| now.as_secs()).unwrap_or_default();
    let seconds = seconds.saturating_add_signed(skew);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let name = DAYS[(days % 7) as usize];
    let month = MONTHS[(month as usize - 1) % 12];
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{name}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// A TM so many microseconds after midnight (PS3.5 6.2).
pub(crate) fn time(micros: i64) -> String {
    let micros = micros.rem_euclid(DAY);
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hour:02}{minute:02}{second:02}.{fraction:06}")
}

/// A DT so many microseconds after 1970-01-01, in UTC (PS3.5 6.2).
pub(crate) fn date_time(micros: i64) -> String {
    date(micros) + &time(micros)
}

/// The DA so many microseconds after 1970-01-01; what is before the year 0 is its beginning (PS3.5 6.2).
pub(crate) fn date(micros: i64) -> String {
    // The Gregorian calendar comes round every 400 years.
    const CYCLE: i64 = 146_097;
    let days = micros.div_euclid(DAY).max(-5 * CYCLE + 10_957);
    let cycles = (-days).max(0).div_euclid(CYCLE) + 1;
    let (year, month, day) = civil((days + cycles * CYCLE).unsigned_abs());
    let year = year - 400 * cycles.unsigned_abs();
    format!("{year:04}{month:02}{day:02}")
}

/// The date that is so many days after 1970-01-01, in the Gregorian calendar: years are counted from March, so that leap days come last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_dates_before_1970_too() {
        for (days, expected) in [
            (0, "19700101"),
            (-1, "19691231"),
            (-719_162, "00010101"),
            (-719_528, "00000101"),
            (-800_000, "00000101"),
            (20_778, "20261121"),
        ] {
            assert_eq!(date(days * DAY + 1), expected, "{days}");
        }
    }

    #[test]
    fn microseconds_become_times_and_date_times() {
        assert_eq!(time(DAY - 1), "235959.999999");
        assert_eq!(time(37_800_000_000), "103000.000000");
        assert_eq!(date_time(20_778 * DAY + 1), "20261121000000.000001");
    }

    #[test]
    fn days_become_dates_across_leap_years() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (20_778, (2026, 11, 21)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
