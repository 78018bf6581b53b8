//! A part of a file (RFC 9110 14).

use std::ops::Range;

use http::HeaderMap;
use http::header::RANGE;

use crate::web::problem::Problem;

/// The one range that is asked for, within a file; nothing where the whole is given: without a range, with several, or with one that cannot be read.
///
/// # Errors
/// 416 for a range behind the end.
pub(crate) fn wanted(headers: &HeaderMap, length: u64) -> Result<Option<Range<u64>>, Problem> {
    let value = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = value.and_then(single) else {
        return Ok(None);
    };
    let range = match (first, last) {
        (Some(first), last) => {
            first..last.map_or(length, |last| length.min(last.saturating_add(1)))
        }
        (None, Some(last)) => length.saturating_sub(last)..length,
        (None, None) => return Ok(None),
    };
    match range.is_empty() {
        true => Err(Problem::not_satisfiable(length)),
        false => Ok(Some(range)),
    }
}

/// `bytes=FIRST-LAST`, `bytes=FIRST-` or `bytes=-LAST`.
fn single(value: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (unit, range) = value.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    let number = |text: &str| match text {
        "" => Some(None),
        _ if text.bytes().all(|digit| digit.is_ascii_digit()) => Some(text.parse::<u64>().ok()),
        _ => None,
    };
    let (first, last) = (number(first)?, number(last)?);
    let is_ordered = match (first, last) {
        (Some(first), Some(last)) => first <= last,
        (None, None) => false,
        _ => true,
    };
    (unit.trim().eq_ignore_ascii_case("bytes") && is_ordered).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(text: &'static str) -> Result<Option<Range<u64>>, Problem> {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(text));
        wanted(&headers, 1000)
    }

    #[test]
    fn one_range_is_read_and_cut_at_the_end() {
        assert_eq!(of("bytes=0-99"), Ok(Some(0..100)));
        assert_eq!(of("bytes=990-2000"), Ok(Some(990..1000)));
        assert_eq!(of("bytes=10-"), Ok(Some(10..1000)));
        assert_eq!(of("bytes=-10"), Ok(Some(990..1000)));
        assert_eq!(of("bytes=-5000"), Ok(Some(0..1000)));
    }

    #[test]
    fn what_is_behind_the_end_cannot_be_had() {
        for text in ["bytes=1000-", "bytes=5000-6000", "bytes=-0"] {
            assert!(of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_range_means_the_whole() {
        for text in [
            "bytes=9-1",
            "bytes=-",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,4-5",
            "0-1",
        ] {
            assert_eq!(of(text), Ok(None), "{text}");
        }
    }
}
