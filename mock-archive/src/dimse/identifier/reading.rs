//! How an identifier is understood by an archive that reads it otherwise than PS3.4 C.2.2 says.

use dicom_core::header::Header;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::super::association::Agreed;
use super::super::negotiate::{Root, Use, usage};
use super::text;
use crate::moment::{Habits, Operation};

/// The levels of query/retrieve (PS3.4 C.6).
const LEVELS: [&str; 4] = ["PATIENT", "STUDY", "SERIES", "IMAGE"];
/// A day on which nobody was examined.
const NO_DATE: &str = "00010101";
/// In place of a wildcard: a letter that no value has.
const NO_WILDCARD: &str = "\u{FFFC}";

/// The identifier as it is understood; without habits as it came.
pub(super) fn understood(
    mut identifier: InMemDicomObject,
    context: &Agreed,
    habits: Habits<Operation>,
) -> InMemDicomObject {
    if habits == Habits::default() {
        return identifier;
    }
    let level = text(&identifier, tags::QUERY_RETRIEVE_LEVEL);
    let is_study_root = matches!(
        usage(&context.abstract_syntax),
        Some(Use::Find(Root::Study) | Use::Move(Root::Study) | Use::Get(Root::Study))
    );
    let is_study = match level.as_deref() {
        None => habits.has(Operation::LevelMayBeMissing),
        Some("PATIENT") => is_study_root && habits.has(Operation::PatientInStudyRoot),
        Some(other) => !LEVELS.contains(&other) && habits.has(Operation::AnyLevel),
    };
    if is_study {
        let study = PrimitiveValue::from("STUDY");
        identifier.put(DataElement::new(tags::QUERY_RETRIEVE_LEVEL, VR::CS, study));
    }
    let changed: Vec<_> = identifier
        .iter()
        .filter_map(|element| {
            let (tag, vr) = (element.tag(), element.vr());
            if vr == VR::SQ {
                let ignored = habits.has(Operation::SequencesIgnored);
                return ignored.then(|| DataElement::new(tag, vr, DataSetSequence::empty()));
            }
            let value = text(&identifier, tag)?;
            let read = value_of(&value, vr, habits);
            (read != value).then(|| DataElement::new(tag, vr, PrimitiveValue::from(read)))
        })
        .collect();
    for element in changed {
        identifier.put(element);
    }
    identifier
}

fn value_of(value: &str, vr: VR, habits: Habits<Operation>) -> String {
    match vr {
        VR::UI if habits.has(Operation::FirstOfList) => {
            value.split('\\').next().unwrap_or_default().to_owned()
        }
        VR::DA if habits.has(Operation::BadDatesAreDates) && !is_date(value) => NO_DATE.to_owned(),
        VR::DA if habits.has(Operation::ExclusiveRanges) => exclusive(value),
        VR::PN | VR::LO | VR::SH | VR::CS | VR::UC
            if habits.has(Operation::LiteralWildcards) && value.contains(['*', '?']) =>
        {
            value.replace(['*', '?'], NO_WILDCARD)
        }
        _ => value.to_owned(),
    }
}

/// Whether a text is made of what dates and ranges of dates are made of.
fn is_date(value: &str) -> bool {
    let mut ends = value.split('-').map(str::trim);
    ends.all(|end| matches!(end.len(), 0 | 8) && end.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A range of dates without the days at its ends.
fn exclusive(range: &str) -> String {
    let Some((from, to)) = range.split_once('-') else {
        return range.to_owned();
    };
    let moved = |day: &str, by: i64| match (day.len(), day.parse::<i64>()) {
        (8, Ok(number)) => date_of(days_of(number) + by),
        _ => day.to_owned(),
    };
    format!("{}-{}", moved(from, 1), moved(to, -1))
}

/// Days since 1 March of year 0 for a date as the number YYYYMMDD.
fn days_of(date: i64) -> i64 {
    let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
    let (year, month) = match month {
        ..=2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1
}

/// The date that so many days make.
fn date_of(days: i64) -> String {
    let base = |year: i64| 365 * year + year / 4 - year / 100 + year / 400;
    let mut of_year = days / 366;
    while base(of_year + 1) <= days {
        of_year += 1;
    }
    let left = days - base(of_year);
    let month = (5 * left + 2) / 153;
    let day = left - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        ..=9 => (of_year, month + 3),
        _ => (of_year + 1, month - 9),
    };
    format!("{year:04}{month:02}{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_lose_their_ends_across_months_and_leap_days() {
        for (range, read) in [
            ("20200301-20200315", "20200302-20200314"),
            ("20200228-20200301", "20200229-20200229"),
            ("20191231-", "20200101-"),
            ("-20200101", "-20191231"),
            ("20200301", "20200301"),
        ] {
            assert_eq!(exclusive(range), read, "{range}");
        }
    }
}
