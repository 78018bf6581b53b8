//! Dates and times as an archive has them that takes them for those of another zone.

use std::borrow::Cow;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::moment::{self, DAY};

use super::{PAIRS, values};
use crate::clock;

/// By how much searches are taken to ask for something later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// Days, of dates and of date-times.
    pub days: i64,
    /// Minutes, of times, of date-times and of dates that have a time.
    pub minutes: i64,
}

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;
/// Further than any clock is wrong: a hundred years.
const MOST: i64 = 100 * 366 * DAY;

impl Shift {
    /// Not at all.
    pub const NONE: Self = Self {
        days: 0,
        minutes: 0,
    };

    /// Whether nothing is shifted.
    pub const fn is_none(self) -> bool {
        self.days == 0 && self.minutes == 0
    }

    /// Both, one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            days: self.days.saturating_add(other.days),
            minutes: self.minutes.saturating_add(other.minutes),
        }
    }

    /// Whether a search for this attribute finds something else.
    pub(crate) fn concerns(self, tag: Tag, vr: VR) -> bool {
        match vr {
            VR::DA => self.days != 0 || (self.minutes != 0 && partner(tag).is_some()),
            VR::TM => self.minutes != 0,
            VR::DT => !self.is_none(),
            _ => false,
        }
    }

    /// By how many microseconds a date with its time is later.
    fn micros(self) -> i64 {
        let minutes = self.minutes.saturating_mul(MINUTE);
        self.of_days().saturating_add(minutes).clamp(-MOST, MOST)
    }

    fn of_days(self) -> i64 {
        self.days.saturating_mul(DAY).clamp(-MOST, MOST)
    }

    /// An attribute as it is compared with a search: earlier by the shift. A date that has a time moves with it, so that what leaves a day at midnight comes into
    /// the next one; a date without one moves by whole days. What is no date or time, and what cannot be read, is as it is.
    pub(super) fn element(
        self,
        object: &InMemDicomObject,
        tag: Tag,
    ) -> Option<Cow<'_, InMemElement>> {
        let element = object.get(tag)?;
        let vr = element.vr();
        if !self.concerns(tag, vr) {
            return Some(Cow::Borrowed(element));
        }
        let time = partner(tag).and_then(|time| values(object.get(time)?).into_iter().next());
        let time = time.and_then(|time| moment::span(VR::TM, &time));
        let earlier = |text: &str| {
            let at = moment::span(vr, text).map(|span| span.first);
            match (vr, at) {
                (VR::DA, Some(at)) => clock::date(match time {
                    Some(time) => at + time.first - self.micros(),
                    None => at - self.of_days(),
                }),
                (VR::TM, Some(at)) => as_precise(clock::time(at - self.micros()), text, 4),
                (VR::DT, Some(at)) => {
                    as_precise(clock::date_time(at - self.micros()), local(text), 12)
                }
                _ => text.to_owned(),
            }
        };
        let texts = values(element);
        let texts = texts.iter().flat_map(|text| text.split('\\'));
        let texts: Vec<String> = texts.map(earlier).collect();
        let value = PrimitiveValue::Strs(texts.into());
        Some(Cow::Owned(DataElement::new(tag, vr, value)))
    }
}

/// The time of the same event as a date, or the date of a time.
pub(super) fn partner(tag: Tag) -> Option<Tag> {
    PAIRS.iter().find_map(|(date, time)| match tag {
        _ if tag == *date => Some(*time),
        _ if tag == *time => Some(*date),
        _ => None,
    })
}

/// A time that covers as much as another one, but no more than a minute.
fn as_precise(mut time: String, other: &str, least: usize) -> String {
    time.truncate(other.replace(':', "").len().max(least));
    time
}

/// A date-time without its offset from UTC.
fn local(text: &str) -> &str {
    text.split(['+', '-']).next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use dicom_dictionary_std::tags;

    use super::*;

    fn seen(shift: Shift, tag: Tag, date: &str, time: &str) -> Vec<String> {
        let object = InMemDicomObject::from_element_iter([
            DataElement::new(tags::STUDY_DATE, VR::DA, date),
            DataElement::new(tags::STUDY_TIME, VR::TM, time),
            DataElement::new(tags::ACQUISITION_DATE_TIME, VR::DT, "20260301001000+0100"),
            DataElement::new(tags::PATIENT_BIRTH_DATE, VR::DA, "19691231\\x"),
        ]);
        let element = shift.element(&object, tag).unwrap();
        values(&element)
    }

    #[test]
    fn a_date_moves_with_its_time_across_midnight() {
        let later = |days, minutes| Shift { days, minutes };
        for (shift, date, time, expected) in [
            (later(0, 30), "20260301", "001000", ["20260228", "234000"]),
            (later(0, -30), "20251231", "2345", ["20260101", "0015"]),
            (later(0, 60), "19700101", "00", ["19691231", "2300"]),
            (later(1, 60), "20260301", "1230", ["20260228", "1130"]),
            (later(1, 0), "20260301", "", ["20260228", ""]),
            (later(0, 60), "20260301", "", ["20260301", ""]),
            (
                later(0, 1),
                "nonsense",
                "000000.25",
                ["nonsense", "235900.25"],
            ),
        ] {
            let pair = [tags::STUDY_DATE, tags::STUDY_TIME];
            let seen = pair.map(|tag| seen(shift, tag, date, time).concat());
            assert_eq!(seen, expected, "{shift:?} {date} {time}");
        }
    }

    #[test]
    fn a_date_time_is_shifted_as_a_whole_and_a_date_without_a_time_by_days() {
        let shift = Shift {
            days: 1,
            minutes: 20,
        };
        let seen = |tag| seen(shift, tag, "", "");
        assert_eq!(seen(tags::ACQUISITION_DATE_TIME), ["20260227225000"]);
        assert_eq!(seen(tags::PATIENT_BIRTH_DATE), ["19691230", "x"]);
    }
}
