//! Values of a query by VR: what can be right, in the form the wire wants (PS3.4 C.2.2.2).

use dicom_core::VR;
use dicom_wire::query::Matching;
use dicom_wire::uid::Uid;

use crate::attribute::Attribute;
use crate::date::Date;

/// What a filter asks for, as people write it.
pub fn show(matching: &Matching) -> String {
    match matching {
        Matching::Universal => "*".to_owned(),
        Matching::Empty => "\"\"".to_owned(),
        Matching::Value(value) | Matching::Wildcard(value) => value.clone(),
        Matching::List(values) => values.join(","),
        Matching::Range { from, to } => {
            format!(
                "{}-{}",
                from.as_deref().unwrap_or_default(),
                to.as_deref().unwrap_or_default()
            )
        }
    }
}

/// Why a value cannot be right.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValueError {
    pub(super) problem: String,
    pub(super) advice: Option<String>,
}

fn wrong(problem: impl Into<String>, advice: impl Into<String>) -> ValueError {
    ValueError {
        problem: problem.into(),
        advice: Some(advice.into()),
    }
}

pub(super) fn parse(
    attribute: &Attribute,
    text: &str,
    today: Date,
) -> Result<Matching, ValueError> {
    if text.is_empty() {
        return Err(wrong(
            "no value",
            format!(
                "leave {} out to match anything, or write {}=*",
                attribute.keyword, attribute.keyword
            ),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(ValueError {
            problem: "a control character cannot be searched for".into(),
            advice: None,
        });
    }
    match attribute.vr {
        _ if text.chars().all(|c| c == '*') => Ok(Matching::Universal),
        VR::DA => range(text, |text| Date::parse(text).map(|date| date.to_string()), |text| relative(text, today))
            .map_err(|problem| wrong(
                problem,
                "20240103, 2024-01-03, 20240101-20240131, 2024-01-01..2024-01-31, 20240101- or \"last 30 days\"",
            )),
        VR::TM => range(text, time, |_| None)
            .map_err(|problem| wrong(problem, "1030, 10:30:00 or 1030-1200")),
        VR::DT => range(text, date_time, |_| None)
            .map_err(|problem| wrong(problem, "20240103103000, 20240103 or 20240101-20240131")),
        VR::UI => uids(text),
        VR::CS => codes(text),
        VR::IS | VR::US | VR::SS | VR::UL | VR::SL | VR::UV | VR::SV => match text.parse::<i64>() {
            Ok(number) => Ok(Matching::Value(number.to_string())),
            Err(_) => Err(wrong("not a whole number", "a number, as 3")),
        },
        VR::DS | VR::FL | VR::FD => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Matching::Value(text.to_owned())),
            _ => Err(wrong("not a number", "a number, as 1.5")),
        },
        VR::PN | VR::LO | VR::SH | VR::UC | VR::AE | VR::AS | VR::ST | VR::LT | VR::UT | VR::UN => words(text),
        vr => Err(ValueError {
            problem: format!("values of {vr} cannot be searched for"),
            advice: None,
        }),
    }
}

fn words(text: &str) -> Result<Matching, ValueError> {
    if text.contains('\\') {
        return Err(wrong(
            "a backslash cannot be searched for",
            "one search for each value",
        ));
    }
    Ok(if text.contains(['*', '?']) {
        Matching::Wildcard(text.to_owned())
    } else {
        Matching::Value(text.to_owned())
    })
}

/// Code strings are upper case by definition (PS3.5 6.2), so that `ct` can only mean `CT`.
fn codes(text: &str) -> Result<Matching, ValueError> {
    let mut codes = Vec::new();
    for code in text.split(['\\', ',']) {
        let code = code.trim().to_ascii_uppercase();
        let fits = (1..=16).contains(&code.len())
            && code
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b" _*?".contains(&b));
        if !fits {
            return Err(wrong(
                format!("{code:?} is no code"),
                "at most 16 capital letters, digits, spaces and underscores, as CT",
            ));
        }
        codes.push(code);
    }
    Ok(match codes.as_slice() {
        [code] if code.contains(['*', '?']) => Matching::Wildcard(code.clone()),
        [code] => Matching::Value(code.clone()),
        _ => Matching::List(codes),
    })
}

fn uids(text: &str) -> Result<Matching, ValueError> {
    let mut uids = text
        .split(['\\', ','])
        .map(|uid| Uid::parse(uid.trim()).map(|uid| uid.as_str().to_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| {
            wrong(
                error.to_string(),
                "digits and single dots, at most 64 characters; no wildcards",
            )
        })?;
    Ok(match uids.len() {
        1 => Matching::Value(uids.remove(0)),
        _ => Matching::List(uids),
    })
}

/// One value, or two with `-`, `..` or ` to ` between them of which one may be missing.
fn range(
    text: &str,
    one: impl Fn(&str) -> Option<String>,
    words: impl Fn(&str) -> Option<Matching>,
) -> Result<Matching, String> {
    let text = text.trim();
    if let Some(matching) = words(text) {
        return Ok(matching);
    }
    if let Some(value) = one(text) {
        return Ok(Matching::Value(value));
    }
    let ends = |from: &str, to: &str| {
        let end = |text: &str| match text.trim() {
            "" => Some(None),
            text => one(text).map(Some),
        };
        Some((end(from)?, end(to)?))
    };
    let named = [" to ", ".."]
        .iter()
        .find_map(|separator| text.split_once(separator));
    let dashed = text
        .match_indices('-')
        .map(|(at, _)| (&text[..at], &text[at + 1..]));
    match named
        .into_iter()
        .chain(dashed)
        .find_map(|(from, to)| ends(from, to))
    {
        Some((None, None)) | None => Err("not a value of this key".to_owned()),
        Some((Some(from), Some(to))) if from > to => Err(format!("{from} is after {to}")),
        Some((from, to)) => Ok(Matching::Range { from, to }),
    }
}

/// `today`, `yesterday`, `last 30 days`, `last 2 weeks`, `last 6 months`, `last year`.
fn relative(text: &str, today: Date) -> Option<Matching> {
    let text = text.to_lowercase();
    let since = |from: Date| {
        Some(Matching::Range {
            from: Some(from.to_string()),
            to: Some(today.to_string()),
        })
    };
    match text.as_str() {
        "today" => return Some(Matching::Value(today.to_string())),
        "yesterday" => return Some(Matching::Value(today.minus_days(1).to_string())),
        _ => {}
    }
    let rest = text.strip_prefix("last ")?.trim();
    let (count, unit) = rest.split_once(' ').unwrap_or(("1", rest));
    let count = count
        .parse::<i64>()
        .ok()
        .filter(|count| (1..=1200).contains(count))?;
    match unit.trim().trim_end_matches('s') {
        "day" => since(today.minus_days(count)),
        "week" => since(today.minus_days(7 * count)),
        "month" => since(today.minus_months(count)),
        "year" => since(today.minus_months(12 * count)),
        _ => None,
    }
}

/// `10`, `1030`, `103000`, `103000.5`, with colons or without.
fn time(text: &str) -> Option<String> {
    let plain = text.replace(':', "");
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole)
        || !digits(fraction)
        || fraction.len() > 6
        || !matches!(whole.len(), 2 | 4 | 6)
    {
        return None;
    }
    if !fraction.is_empty() && whole.len() != 6 {
        return None;
    }
    let part = |at: usize| {
        whole
            .get(at..at + 2)
            .map_or(Some(0), |text| text.parse::<u32>().ok())
    };
    // 60 is a leap second (PS3.5 6.2).
    (part(0)? < 24 && part(2)? < 60 && part(4)? <= 60).then(|| plain.clone())
}

/// A date, or a date with a time after it; a zone may end it.
fn date_time(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(date) = Date::parse(text) {
        return Some(date.to_string());
    }
    let (date, rest) = (text.get(..8)?, text.get(8..)?);
    let (clock, zone) = match rest.find(['+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let zone_fits =
        zone.is_empty() || (zone.len() == 5 && zone[1..].bytes().all(|b| b.is_ascii_digit()));
    (Date::parse(date).is_some() && time(clock).is_some() && zone_fits).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;

    fn of(tag: dicom_core::Tag, text: &str) -> String {
        let today = Date::parse("20240131").expect("a day");
        match parse(&Attribute::of(tag), text, today) {
            Ok(matching) => show(&matching),
            Err(error) => format!("refused: {}", error.problem),
        }
    }

    #[test]
    fn dates_are_taken_in_every_form_that_is_clear() {
        let range = "20240101-20240131";
        for text in [
            "20240101-20240131",
            "2024-01-01-2024-01-31",
            "2024-01-01..2024-01-31",
            "20240101 to 2024-01-31",
            "last 30 days",
        ] {
            assert_eq!(of(tags::STUDY_DATE, text), range, "{text}");
        }
        assert_eq!(of(tags::STUDY_DATE, "2024-01-03"), "20240103");
        assert_eq!(of(tags::STUDY_DATE, "-20240103"), "-20240103");
        assert_eq!(of(tags::STUDY_DATE, "2024-01-03-"), "20240103-");
        assert_eq!(of(tags::STUDY_DATE, "yesterday"), "20240130");
        assert_eq!(of(tags::STUDY_DATE, "last year"), "20230131-20240131");
        assert_eq!(
            of(tags::STUDY_DATE, "-"),
            "refused: not a value of this key"
        );
        assert_eq!(of(tags::STUDY_TIME, "10:30-12:00"), "1030-1200");
    }

    #[test]
    fn codes_are_capitals_and_lists_are_lists() {
        assert_eq!(of(tags::MODALITY, "ct"), "CT");
        assert_eq!(of(tags::MODALITY, r"CT\MR"), "CT,MR");
        assert_eq!(of(tags::MODALITY, "C*"), "C*");
        assert_eq!(of(tags::SOP_INSTANCE_UID, "1.2,1.3"), "1.2,1.3");
        assert_eq!(of(tags::PATIENT_NAME, "*"), "*");
        assert_eq!(of(tags::INSTANCE_NUMBER, "007"), "7");
    }
}
