//! Whether a data set matches the keys of a search (PS3.4 C.2.2.2), for QIDO-RS and C-FIND alike.
//!
//! Choices where the standard leaves one: names (PN) are compared without case, and a key without `=` matches any of the component groups; everything else is
//! compared as it is written, accents included. Numbers as text (IS, DS) are compared as numbers.

mod fuzzy;
mod quirks;
mod shift;
pub(crate) mod terms;
mod text;

use dicom_core::header::HasLength;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::moment::{self, DAY, Span};
use dicom_wire::query::{Key, Matching};

pub use quirks::{Quirk, Quirks};
pub use shift::Shift;

/// How a search matches, beyond its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Names also match by folded words (PS3.18 8.3.4.2).
    pub fuzzy: bool,
    /// A range of dates and one of times of the same event make one interval.
    pub combined: bool,
    /// What is not as the standard says.
    pub quirks: Quirks,
}

impl Style {
    /// The attributes of which a data set has to have what there is, to be compared in this one.
    pub(crate) fn needed(self, tag: Tag) -> impl Iterator<Item = Tag> {
        let partner = shift::partner(tag).filter(|_| !self.quirks.shift().is_none());
        [Some(tag), partner].into_iter().flatten()
    }
}

/// Dates with the times that belong to them.
const PAIRS: [(Tag, Tag); 9] = [
    (tags::STUDY_DATE, tags::STUDY_TIME),
    (tags::SERIES_DATE, tags::SERIES_TIME),
    (tags::ACQUISITION_DATE, tags::ACQUISITION_TIME),
    (tags::CONTENT_DATE, tags::CONTENT_TIME),
    (tags::INSTANCE_CREATION_DATE, tags::INSTANCE_CREATION_TIME),
    (tags::PATIENT_BIRTH_DATE, tags::PATIENT_BIRTH_TIME),
    (
        tags::PERFORMED_PROCEDURE_STEP_START_DATE,
        tags::PERFORMED_PROCEDURE_STEP_START_TIME,
    ),
    (
        tags::PERFORMED_PROCEDURE_STEP_END_DATE,
        tags::PERFORMED_PROCEDURE_STEP_END_TIME,
    ),
    (
        tags::SCHEDULED_PROCEDURE_STEP_START_DATE,
        tags::SCHEDULED_PROCEDURE_STEP_START_TIME,
    ),
];

/// Whether all keys match the data set.
///
/// Keys in the same sequence have to match in one and the same item (C.2.2.2.6).
pub fn matches(object: &InMemDicomObject, keys: &[&Key], style: Style) -> bool {
    if style.quirks.has(Quirk::AnyKey) && keys.len() > 1 {
        let quirks = style.quirks.without(Quirk::AnyKey);
        let style = Style { quirks, ..style };
        return keys.iter().any(|key| matches(object, &[*key], style));
    }
    let keys: Vec<Part<'_>> = keys
        .iter()
        .map(|key| Part {
            key,
            path: key.path.tags(),
        })
        .collect();
    item_matches(object, &keys, style)
}

/// What is left of a key inside an item.
#[derive(Clone, Copy)]
struct Part<'a> {
    key: &'a Key,
    path: &'a [Tag],
}

/// One data set or item. Recursion is bounded by the depth of a query's paths.
fn item_matches(object: &InMemDicomObject, keys: &[Part<'_>], style: Style) -> bool {
    let mut done: Vec<Tag> = Vec::new();
    for part in keys {
        let Some((&tag, rest)) = part.path.split_first() else {
            continue;
        };
        if rest.is_empty() {
            if !leaf_matches(object, tag, part.key, keys, style) {
                return false;
            }
        } else if !done.contains(&tag) {
            done.push(tag);
            let inside: Vec<Part<'_>> = keys
                .iter()
                .filter(|other| other.path.len() > 1 && other.path[0] == tag)
                .map(|other| Part {
                    key: other.key,
                    path: &other.path[1..],
                })
                .collect();
            if !sequence_matches(object, tag, &inside, style) {
                return false;
            }
        }
    }
    true
}

/// Whether any item matches; a sequence without items is like one with an empty item.
fn sequence_matches(object: &InMemDicomObject, tag: Tag, keys: &[Part<'_>], style: Style) -> bool {
    match object.get(tag).and_then(|element| element.items()) {
        Some(items) if !items.is_empty() => {
            items.iter().any(|item| item_matches(item, keys, style))
        }
        _ => item_matches(&InMemDicomObject::new_empty(), keys, style),
    }
}

fn leaf_matches(
    object: &InMemDicomObject,
    tag: Tag,
    key: &Key,
    keys: &[Part<'_>],
    style: Style,
) -> bool {
    if style.combined
        && !style.quirks.has(Quirk::SeparateRanges)
        && let Matching::Range { .. } = key.matching
        && let Some((date, time)) = PAIRS
            .iter()
            .find(|(date, time)| *date == tag || *time == tag)
    {
        let range_of = |tag: Tag| {
            let part = keys.iter().find(|part| part.path == [tag])?;
            match &part.key.matching {
                Matching::Range { from, to } => Some((from.as_deref(), to.as_deref())),
                _ => None,
            }
        };
        if let (Some(dates), Some(times)) = (range_of(*date), range_of(*time)) {
            return combined_matches(object, (*date, *time), dates, times, style);
        }
    }
    let element = style.quirks.shift().element(object, tag);
    element_matches(element.as_deref(), key.vr, &key.matching, style)
}

type Ends<'a> = (Option<&'a str>, Option<&'a str>);

/// One interval from the first date and time to the last ones (C.2.2.2.5.1). A time bounds only an end that has a date.
fn combined_matches(
    object: &InMemDicomObject,
    (date, time): (Tag, Tag),
    dates: Ends<'_>,
    times: Ends<'_>,
    style: Style,
) -> bool {
    let value = |tag: Tag, vr| {
        values(&*style.quirks.shift().element(object, tag)?)
            .first()
            .and_then(|text| moment::span(vr, text))
    };
    let Some(day) = value(date, VR::DA) else {
        return false;
    };
    let at = day.first + value(time, VR::TM).map_or(0, |time| time.first);
    let span = |vr, text: Option<&str>| text.and_then(|text| moment::span(vr, text));
    let starts = span(VR::DA, dates.0)
        .map(|day| day.first + span(VR::TM, times.0).map_or(0, |time| time.first));
    let ends = span(VR::DA, dates.1)
        .map(|day| day.first + span(VR::TM, times.1).map_or(DAY - 1, |time| time.last));
    starts.is_none_or(|start| start <= at) && ends.is_none_or(|end| at <= end)
}

/// Whether an attribute matches; `None` is one that is not there.
fn element_matches(
    element: Option<&InMemElement>,
    vr: VR,
    matching: &Matching,
    style: Style,
) -> bool {
    let present = element.is_some_and(|element| !element.is_empty() || element.vr() == VR::SQ);
    match matching {
        Matching::Universal => return true,
        Matching::Wildcard(pattern) if pattern.chars().all(|c| c == '*') => {
            let has_value =
                || element.is_some_and(|e| values(e).iter().any(|value| !value.is_empty()));
            return !style.quirks.has(Quirk::StarNeedsValue) || has_value();
        }
        Matching::Empty => {
            return !present || element.is_some_and(|e| values(e).iter().all(String::is_empty));
        }
        _ => {}
    }
    let Some(element) = element else { return false };
    // The key's own VR is UN when the dictionary does not know the attribute.
    let vr = if vr == VR::UN { element.vr() } else { vr };
    values(element)
        .iter()
        .filter(|value| !value.is_empty())
        .any(|value| value_matches(value, vr, matching, style))
}

/// The values of an element as texts without padding.
fn values(element: &InMemElement) -> Vec<String> {
    let Some(value) = element.value().primitive() else {
        return Vec::new();
    };
    if element.vr() == VR::UN {
        let bytes = value.to_bytes();
        return String::from_utf8_lossy(&bytes)
            .split('\\')
            .map(|text| trim(text).to_owned())
            .collect();
    }
    value
        .to_multi_str()
        .iter()
        .map(|text| trim(text).to_owned())
        .collect()
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\0'])
}

/// Whether one value that is not empty matches.
fn value_matches(value: &str, vr: VR, matching: &Matching, style: Style) -> bool {
    match matching {
        Matching::Universal => true,
        Matching::Empty => false,
        Matching::Value(wanted) => single_matches(value, vr, wanted, style),
        Matching::List(wanted) => wanted.iter().take(wanted_of_list(style)).any(|one| {
            if let Some((from, to)) = moment::range(vr, one) {
                return range_matches(value, vr, from, to, style);
            }
            let wild = one.contains(['*', '?']) && is_text(vr);
            if wild {
                wildcard_matches(value, vr, one, style)
            } else {
                single_matches(value, vr, one, style)
            }
        }),
        Matching::Wildcard(pattern) => wildcard_matches(value, vr, pattern, style),
        Matching::Range { from, to } => {
            range_matches(value, vr, from.as_deref(), to.as_deref(), style)
        }
    }
}

fn wanted_of_list(style: Style) -> usize {
    match style.quirks.has(Quirk::FirstOfList) {
        true => 1,
        false => usize::MAX,
    }
}

/// The value representations whose values may hold wildcards (C.2.2.2.4).
fn is_text(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT
    )
}

/// C.2.2.2.1. A date or time of the key matches what lies within it, so that `1030` finds `103015`.
fn single_matches(value: &str, vr: VR, wanted: &str, style: Style) -> bool {
    match vr {
        VR::DA | VR::TM | VR::DT => match (moment::span(vr, value), moment::span(vr, wanted)) {
            (Some(value), Some(wanted)) => within(value, Some(wanted), Some(wanted)),
            _ => value == wanted,
        },
        VR::IS | VR::DS => {
            let number = |text: &str| text.parse::<f64>().ok();
            value == wanted || number(value).is_some_and(|n| number(wanted) == Some(n))
        }
        VR::PN => name_matches(value, wanted, style),
        _ if style.quirks.is_none() => value == wanted,
        _ => text_matches(value, wanted, style),
    }
}

fn name_matches(value: &str, wanted: &str, style: Style) -> bool {
    let literal = match style.quirks.is_none() {
        true => text::name_matches(value, wanted),
        false => odd_name_matches(value, wanted, style),
    };
    let fuzzy = style.fuzzy && fuzzy::matches(value, wanted);
    match style.fuzzy && style.quirks.has(Quirk::FuzzyOnly) {
        true => fuzzy && !literal,
        false => literal || fuzzy,
    }
}

/// As archives with quirks compare names.
fn odd_name_matches(value: &str, wanted: &str, style: Style) -> bool {
    let quirks = style.quirks;
    if quirks.has(Quirk::LiteralWildcards) {
        let read = |text: &str| match quirks.has(Quirk::AnyAccent) {
            true => text::normal(&fuzzy::unaccented(&text.to_lowercase())),
            false => text::normal(text),
        };
        let wanted = read(wanted);
        return value.split('=').any(|group| read(group) == wanted);
    }
    let wanted = pattern(wanted, style);
    let plain = |text: &str| fuzzy::unaccented(&text.to_lowercase());
    match quirks.has(Quirk::AnyAccent) {
        _ if quirks.has(Quirk::ExactNames) => {
            let mut groups = value.split('=');
            groups.any(|group| text::wildcard(&wanted, group))
        }
        true => text::name_matches(&plain(value), &plain(&wanted)),
        false => text::name_matches(value, &wanted),
    }
}

/// As archives with quirks compare other texts, with a pattern or without.
fn text_matches(value: &str, wanted: &str, style: Style) -> bool {
    if style.quirks.has(Quirk::LiteralWildcards) {
        return match style.quirks.has(Quirk::AnyCase) {
            true => value.to_lowercase() == wanted.to_lowercase(),
            false => value == wanted,
        };
    }
    let wanted = pattern(wanted, style);
    match style.quirks.has(Quirk::AnyCase) {
        true => text::wildcard(&wanted.to_lowercase(), &value.to_lowercase()),
        false => text::wildcard(&wanted, value),
    }
}

/// A pattern in the standard's wildcards.
fn pattern(wanted: &str, style: Style) -> String {
    let mut pattern = wanted.to_owned();
    if style.quirks.has(Quirk::PercentIsWildcard) {
        pattern = pattern.replace('%', "*").replace('_', "?");
    }
    if style.quirks.has(Quirk::QuestionIsAnyRun) {
        pattern = pattern.replace('?', "*");
    }
    pattern
}

fn wildcard_matches(value: &str, vr: VR, pattern: &str, style: Style) -> bool {
    match vr {
        VR::PN => name_matches(value, pattern, style),
        _ if style.quirks.is_none() => text::wildcard(pattern, value),
        _ => text_matches(value, pattern, style),
    }
}

/// C.2.2.2.5: both ends included, each with its own precision.
fn range_matches(value: &str, vr: VR, from: Option<&str>, to: Option<&str>, style: Style) -> bool {
    if style.quirks.has(Quirk::NoOpenRanges) && (from.is_none() || to.is_none()) {
        return false;
    }
    if style.quirks.has(Quirk::RangesAsText) {
        return from.is_none_or(|from| from <= value) && to.is_none_or(|to| value <= to);
    }
    let end = |text: Option<&str>| text.and_then(|text| moment::span(vr, text));
    let (from, to) = (end(from), end(to));
    moment::span(vr, value).is_some_and(|value| match style.quirks.has(Quirk::ExclusiveRanges) {
        true => {
            from.is_none_or(|from| from.last < value.first)
                && to.is_none_or(|to| value.last < to.first)
        }
        false => within(value, from, to),
    })
}

fn within(value: Span, from: Option<Span>, to: Option<Span>) -> bool {
    from.is_none_or(|from| from.first <= value.first) && to.is_none_or(|to| value.first <= to.last)
}
