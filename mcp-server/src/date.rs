//! Calendar days as searches name them.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar, written as DICOM writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u32,
    day: u32,
}

impl Date {
    /// The day, if there is such a day.
    pub fn new(year: i64, month: u32, day: u32) -> Option<Self> {
        let exists = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        exists.then_some(Self { year, month, day })
    }

    /// `20240103` or `2024-01-03`.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = match text.len() {
            8 => text.to_owned(),
            10 if text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-' => text.replace('-', ""),
            _ => return None,
        };
        if plain.len() != 8 || !plain.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| plain[range].parse::<u32>().ok();
        Self::new(number(0..4)?.into(), number(4..6)?, number(6..8)?)
    }

    /// Today in UTC.
    pub fn today() -> Self {
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs());
        Self::from_day_number((seconds / 86_400) as i64)
    }

    /// So many days earlier.
    pub fn minus_days(self, days: i64) -> Self {
        Self::from_day_number(self.day_number() - days)
    }

    /// So many months earlier, on the same day or the last of the month.
    pub fn minus_months(self, months: i64) -> Self {
        let all = self.year * 12 + i64::from(self.month) - 1 - months;
        let (year, month) = (all.div_euclid(12).max(1), all.rem_euclid(12) as u32 + 1);
        Self {
            year,
            month,
            day: self.day.min(days_in(year, month)),
        }
    }

    /// Days since 1970-01-01.
    fn day_number(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let shifted = i64::from((self.month + 9) % 12);
        let day_of_year = (153 * shifted + 2) / 5 + i64::from(self.day) - 1;
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
            - 719_468
    }

    fn from_day_number(number: i64) -> Self {
        let shifted = number + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * month + 2) / 5 + 1) as u32;
        let month = if month < 10 { month + 3 } else { month - 9 } as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self {
            year: year.clamp(1, 9999),
            month,
            day,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

fn days_in(year: i64, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_that_are_not_in_the_calendar_are_none() {
        assert!(Date::parse("20240229").is_some());
        for text in [
            "20230229",
            "20241301",
            "2024-1-3",
            "banana",
            "２０２４０１０３",
            "2024010",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn going_back_crosses_months_and_years() {
        let day = Date::parse("2024-03-31").expect("a day");
        assert_eq!(day.minus_days(31).to_string(), "20240229");
        assert_eq!(day.minus_months(1).to_string(), "20240229");
        assert_eq!(day.minus_months(15).to_string(), "20221231");
    }

    proptest! {
        #[test]
        fn a_day_number_is_one_day(number in -600_000i64..2_900_000) {
            let day = Date::from_day_number(number);
            prop_assert_eq!(day.day_number(), number);
            prop_assert_eq!(Date::parse(&day.to_string()), Some(day));
        }
    }
}
