//! Dates, times and date-times as spans of time (PS3.5 6.2, VR DA, TM and DT).
//!
//! A value of reduced precision covers a span: `2024` in a DT is the whole year, `1030` in a TM
//! the whole minute. Searches compare spans (PS3.4 C.2.2.2.5).

use dicom_core::VR;

/// Microseconds in a day.
pub const DAY: i64 = 86_400_000_000;

/// The first and the last microsecond that a value covers.
///
/// Dates and date-times count from 1970-01-01, times from midnight. A date-time without offset
/// from UTC is read as if it were UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first microsecond.
    pub first: i64,
    /// The last microsecond.
    pub last: i64,
}

/// Reads a single value, of VR DA, TM or DT; `None` when it is none, and for any other VR.
///
/// ```
/// use dicom_core::VR;
/// use dicom_wire::moment::span;
///
/// let minute = span(VR::TM, "1030").unwrap();
/// assert_eq!(minute.last - minute.first, 59_999_999);
/// assert!(span(VR::DA, "20230229").is_none());
/// ```
pub fn span(vr: VR, text: &str) -> Option<Span> {
    let text = text.trim_matches([' ', '\0']);
    if !text.is_ascii() {
        return None;
    }
    match vr {
        VR::DA => date(text),
        VR::TM => time(text),
        VR::DT => date_time(text),
        _ => None,
    }
}

/// Splits `from-to`, `from-` or `-to` into its ends. `None` when the text is a single value or
/// nothing that can be read; each end that is there is a value of the VR.
///
/// A hyphen in a DT may as well start an offset from UTC: a text that is one valid value is one
/// (`20240101-0500` is five hours west), years up to 1200 cannot end such a range.
pub fn range(vr: VR, text: &str) -> Option<(Option<&str>, Option<&str>)> {
    let text = text.trim_matches([' ', '\0']);
    if span(vr, text).is_some() {
        return None;
    }
    let end = |part: &str| part.is_empty() || span(vr, part).is_some();
    text.match_indices('-')
        .map(|(at, _)| (text[..at].trim_end(), text[at + 1..].trim_start()))
        .find_map(|(from, to)| {
            let fits = end(from) && end(to) && !(from.is_empty() && to.is_empty());
            fits.then(|| (some(from), some(to)))
        })
}

fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// `YYYYMMDD`, or `YYYY.MM.DD` from before version 3.0.
fn date(text: &str) -> Option<Span> {
    let digits = match text.as_bytes() {
        [y @ .., b'.', m1, m2, b'.', d1, d2] if y.len() == 4 => [y, &[*m1, *m2, *d1, *d2]].concat(),
        digits if digits.len() == 8 => digits.to_vec(),
        _ => return None,
    };
    let day = days(
        number(&digits[..4])?,
        number(&digits[4..6])?,
        number(&digits[6..])?,
    )?;
    Some(Span {
        first: day * DAY,
        last: (day + 1) * DAY - 1,
    })
}

/// `HH[MM[SS[.F{1,6}]]]`, with colons from before version 3.0.
fn time(text: &str) -> Option<Span> {
    let digits = match text.as_bytes() {
        [_, _, b':', ..] => text.replace(':', ""),
        _ => text.to_owned(),
    };
    clock(digits.as_bytes())
}

/// `YYYY[MM[DD[HH[MM[SS[.F{1,6}]]]]]][(+|-)ZZXX]`.
fn date_time(text: &str) -> Option<Span> {
    let (text, offset) = match text.len().checked_sub(5) {
        Some(at) if matches!(text.as_bytes()[at], b'+' | b'-') => {
            (&text[..at], offset(&text[at..])?)
        }
        _ => (text, 0),
    };
    let bytes = text.as_bytes();
    let year = number(bytes.get(..4)?)?;
    let month = bytes.get(4..6).map(number);
    let day = bytes.get(6..8).map(number);
    let (first, last) = match (month, day) {
        (None, _) if bytes.len() == 4 => (days(year, 1, 1)?, days(year + 1, 1, 1)?),
        (Some(month), None) if bytes.len() == 6 => {
            let month = month?;
            let next = if month == 12 {
                days(year + 1, 1, 1)?
            } else {
                days(year, month + 1, 1)?
            };
            (days(year, month, 1)?, next)
        }
        (Some(month), Some(day)) => {
            let day = days(year, month?, day?)?;
            (day, day + 1)
        }
        _ => return None,
    };
    let mut span = Span {
        first: first * DAY,
        last: last * DAY - 1,
    };
    if bytes.len() > 8 {
        let clock = clock(&bytes[8..])?;
        span = Span {
            first: first * DAY + clock.first,
            last: first * DAY + clock.last,
        };
    }
    Some(Span {
        first: span.first - offset,
        last: span.last - offset,
    })
}

/// `+HHMM` or `-HHMM` in microseconds, -1200 to +1400.
fn offset(text: &str) -> Option<i64> {
    let (hours, minutes) = (
        number(&text.as_bytes()[1..3])?,
        number(&text.as_bytes()[3..5])?,
    );
    let west = text.starts_with('-');
    let most = if west { 12 * 60 } else { 14 * 60 };
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= most && !(west && total == 0))
        .then_some(total * 60_000_000 * if west { -1 } else { 1 })
}

/// Digits of a time of day to its span.
fn clock(digits: &[u8]) -> Option<Span> {
    let (whole, fraction) = match digits.iter().position(|&b| b == b'.') {
        Some(6) => (&digits[..6], Some(&digits[7..])),
        Some(_) => return None,
        None => (digits, None),
    };
    let part = |at: usize, most: i64| match whole.get(at..at + 2) {
        Some(two) => number(two).filter(|n| *n <= most).map(Some),
        None => (whole.len() <= at).then_some(None),
    };
    let (hour, minute, second) = (part(0, 23)??, part(2, 59)?, part(4, 60)?);
    if whole.len() > 6 {
        return None;
    }
    let mut first = (hour * 3600 + minute.unwrap_or(0) * 60 + second.unwrap_or(0)) * 1_000_000;
    let mut length = match (minute, second) {
        (None, _) => 3_600_000_000,
        (Some(_), None) => 60_000_000,
        (Some(_), Some(_)) => 1_000_000,
    };
    if let Some(fraction) = fraction {
        let places = u32::try_from(fraction.len())
            .ok()
            .filter(|n| (1..=6).contains(n))?;
        length = 10_i64.pow(6 - places);
        first += number(fraction)? * length;
    }
    Some(Span {
        first,
        last: first + length - 1,
    })
}

fn number(digits: &[u8]) -> Option<i64> {
    let all = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    all.then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; `None` for a day that is none.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years counted from March, so that the leap day is the last day.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * m + 2) / 5 + day - 1;
    Some(y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_counted_from_1970() {
        let day = |text| span(VR::DA, text).map(|s| s.first / DAY);
        assert_eq!(day("19700101"), Some(0));
        assert_eq!(day("2000.03.01"), Some(11_017));
        assert_eq!(day("20240229"), Some(19_782));
        assert_eq!(day("19000229"), None);
        assert_eq!(day("2024-02-29"), None);
        assert_eq!(day("20241301"), None);
    }

    #[test]
    fn precision_is_the_length_of_the_span() {
        let length = |vr, text| span(vr, text).map(|s| s.last - s.first + 1);
        assert_eq!(length(VR::TM, "10"), Some(3_600_000_000));
        assert_eq!(length(VR::TM, "10:30:15"), Some(1_000_000));
        assert_eq!(length(VR::TM, "103015.25"), Some(10_000));
        assert_eq!(length(VR::TM, "1030.5"), None);
        assert_eq!(length(VR::TM, "103"), None);
        assert_eq!(length(VR::TM, "2460"), None);
        assert_eq!(length(VR::DT, "2024"), Some(366 * DAY));
        assert_eq!(length(VR::DT, "202412"), Some(31 * DAY));
        assert_eq!(length(VR::DT, "202412311"), None);
        assert_eq!(length(VR::LO, "2024"), None);
    }

    #[test]
    fn an_offset_moves_a_date_time() {
        let east = span(VR::DT, "20240101010000+0100").unwrap();
        assert_eq!(east.first, span(VR::DT, "20240101000000").unwrap().first);
        assert_eq!(span(VR::DT, "20240101-1300"), None);
    }

    #[test]
    fn ranges_split_at_the_hyphen_that_is_no_offset() {
        assert_eq!(
            range(VR::DA, "20240101-20240131"),
            Some((Some("20240101"), Some("20240131")))
        );
        assert_eq!(range(VR::DA, "-20240131"), Some((None, Some("20240131"))));
        assert_eq!(range(VR::TM, "1000-"), Some((Some("1000"), None)));
        assert_eq!(range(VR::DA, "-"), None);
        assert_eq!(range(VR::DA, "2024-01-01"), None);
        assert_eq!(range(VR::DT, "20240101-0500"), None);
        assert_eq!(
            range(VR::DT, "2023-2024"),
            Some((Some("2023"), Some("2024")))
        );
        assert_eq!(
            range(VR::DT, "20240101-0500-20240102-0500"),
            Some((Some("20240101-0500"), Some("20240102-0500")))
        );
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,24}", digits in "[0-9.:+-]{0,26}") {
            for vr in [VR::DA, VR::TM, VR::DT] {
                for text in [&text, &digits] {
                    let _ = range(vr, text);
                    if let Some(span) = span(vr, text) {
                        prop_assert!(span.first <= span.last);
                    }
                }
            }
        }
    }
}
