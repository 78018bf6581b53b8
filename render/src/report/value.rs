//! The value of a content item, by Value Type (PS3.3 C.17.3.2.1 and C.18).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{Code, escape, items};
use crate::attributes::{self, Private, Select};
use crate::calendar::{date, date_time, time};
use crate::groups;
use crate::image::text;
use crate::person::PersonName;
use crate::text::uid_name;

/// The value in escaped Markdown: what stands in the line of the item, and lines below it.
pub(super) fn lines(item: &InMemDicomObject) -> (String, Vec<String>) {
    let one = |line: Option<String>| (line.unwrap_or_else(|| "(no value)".to_owned()), Vec::new());
    let plain = |tag: Tag| one(whole(item, tag).map(|value| escape::inline(&value)));
    match text(item, tags::VALUE_TYPE).as_deref() {
        Some("CONTAINER") => (String::new(), Vec::new()),
        Some("TEXT") => {
            let text = whole(item, tags::TEXT_VALUE).unwrap_or_default();
            let mut lines = escape::lines(&text).into_iter();
            let first = lines.next().filter(|line| !line.is_empty());
            (
                first.unwrap_or_else(|| "(no value)".to_owned()),
                lines.collect(),
            )
        }
        Some("NUM") => one(Some(number(item))),
        Some("CODE") => {
            one(Code::of(item, tags::CONCEPT_CODE_SEQUENCE).map(|code| code.markdown()))
        }
        Some("DATE") => one(whole(item, tags::DATE).map(|value| escape::inline(&date(&value)))),
        Some("TIME") => one(whole(item, tags::TIME).map(|value| escape::inline(&time(&value)))),
        Some("DATETIME") => {
            one(whole(item, tags::DATE_TIME).map(|value| escape::inline(&date_time(&value))))
        }
        Some("UIDREF") => plain(tags::UID),
        Some("PNAME") => one(whole(item, tags::PERSON_NAME)
            .map(|name| escape::inline(&PersonName::parse(&name).to_string()))),
        Some("IMAGE" | "COMPOSITE" | "WAVEFORM") => {
            one(groups::item(item, tags::REFERENCED_SOP_SEQUENCE, 0).map(instance))
        }
        Some("SCOORD" | "SCOORD3D") => one(Some(coordinates(item))),
        Some("TCOORD") => one(Some(moments(item))),
        Some(other) => (
            escape::inline(&format!("value of type {other}")),
            everything(item),
        ),
        // By-reference items have no value; a code without a value type still speaks.
        None => ("(no value type)".to_owned(), everything(item)),
    }
}

/// What an item says besides its value: when and as what it was observed, by which template it was made.
pub(super) fn notes(item: &InMemDicomObject) -> Vec<String> {
    let observed = whole(item, tags::OBSERVATION_DATE_TIME);
    let observed = observed.map(|value| format!("observed {}", date_time(&value)));
    let observation = whole(item, tags::OBSERVATION_UID).map(|uid| format!("observation {uid}"));
    let template = groups::item(item, tags::CONTENT_TEMPLATE_SEQUENCE, 0).and_then(|template| {
        let identifier = text(template, tags::TEMPLATE_IDENTIFIER)?;
        let resource = text(template, tags::MAPPING_RESOURCE).unwrap_or_default();
        Some(format!("template {resource} {identifier}"))
    });
    let notes = [observed, observation, template];
    notes
        .iter()
        .flatten()
        .map(|note| escape::inline(note))
        .collect()
}

/// All values of an element as text.
pub(super) fn whole(item: &InMemDicomObject, tag: Tag) -> Option<String> {
    let value = item.get(tag)?.to_str().ok()?;
    let value = value.trim_matches(['\0', ' ']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// `12.5 mm (millimeter, UCUM)`, and why there is no number where there is none.
fn number(item: &InMemDicomObject) -> String {
    let measured = items(item, tags::MEASURED_VALUE_SEQUENCE);
    let mut values: Vec<String> = measured
        .iter()
        .map(|value| {
            let number =
                whole(value, tags::NUMERIC_VALUE).unwrap_or_else(|| "(no number)".to_owned());
            let precise =
                whole(value, tags::FLOATING_POINT_VALUE).filter(|precise| *precise != number);
            let precise = precise
                .map(|precise| format!(" (exactly {precise})"))
                .unwrap_or_default();
            let fraction = whole(value, tags::RATIONAL_NUMERATOR_VALUE)
                .zip(whole(value, tags::RATIONAL_DENOMINATOR_VALUE));
            let fraction = fraction
                .map(|(over, under)| format!(" ({over}/{under})"))
                .unwrap_or_default();
            let unit = Code::of(value, tags::MEASUREMENT_UNITS_CODE_SEQUENCE)
                .map(|unit| unit_words(&unit))
                .unwrap_or_default();
            escape::inline(&format!("{number}{precise}{fraction}{unit}"))
        })
        .collect();
    if values.is_empty() {
        values.push("(no number)".to_owned());
    }
    if let Some(qualifier) = Code::of(item, tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE) {
        values.push(qualifier.markdown());
    }
    values.join(", ")
}

fn unit_words(unit: &Code) -> String {
    let Code {
        value,
        scheme,
        meaning,
    } = unit;
    // "1" of UCUM is the unit of what has none: a count reads as a number.
    if value == "1" && scheme == "UCUM" {
        return String::new();
    }
    if meaning == value || meaning.is_empty() {
        format!(" {value} ({scheme})")
    } else {
        format!(" {value} ({meaning}, {scheme})")
    }
}

/// A reference to an instance with what of it is meant.
pub(super) fn instance(reference: &InMemDicomObject) -> String {
    let class = text(reference, tags::REFERENCED_SOP_CLASS_UID)
        .unwrap_or_else(|| "unknown class".to_owned());
    let uid =
        text(reference, tags::REFERENCED_SOP_INSTANCE_UID).unwrap_or_else(|| "(no UID)".to_owned());
    let mut words = format!("{} {uid}", uid_name(&class).unwrap_or(&class));
    let parts = [
        (tags::REFERENCED_FRAME_NUMBER, "frames"),
        (tags::REFERENCED_SEGMENT_NUMBER, "segments"),
        (tags::REFERENCED_WAVEFORM_CHANNELS, "channels"),
    ];
    for (tag, name) in parts {
        if let Some(numbers) = whole(reference, tag) {
            words.push_str(&format!(", {name} {}", numbers.replace('\\', ", ")));
        }
    }
    let mut words = escape::inline(&words);
    for (sequence, name) in [
        (tags::REFERENCED_SOP_SEQUENCE, "shown with"),
        (
            tags::REFERENCED_REAL_WORLD_VALUE_MAPPING_INSTANCE_SEQUENCE,
            "values mapped by",
        ),
    ] {
        for other in items(reference, sequence) {
            let class = text(other, tags::REFERENCED_SOP_CLASS_UID).unwrap_or_default();
            let uid = text(other, tags::REFERENCED_SOP_INSTANCE_UID).unwrap_or_default();
            words.push_str(&escape::inline(&format!(
                ", {name} {} {uid}",
                uid_name(&class).unwrap_or(&class)
            )));
        }
    }
    for purpose in items(reference, tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE) {
        words.push_str(&format!(", as {}", Code::read(purpose).markdown()));
    }
    words
}

/// `POLYLINE (1, 2) (3, 4)` in pixels, or in millimetres of a frame of reference.
fn coordinates(item: &InMemDicomObject) -> String {
    let graphic = text(item, tags::GRAPHIC_TYPE).unwrap_or_else(|| "graphic".to_owned());
    let data = item
        .get(tags::GRAPHIC_DATA)
        .and_then(|element| element.to_multi_float32().ok())
        .unwrap_or_default();
    let space = whole(item, tags::REFERENCED_FRAME_OF_REFERENCE_UID);
    let axes = if space.is_some() || text(item, tags::VALUE_TYPE).as_deref() == Some("SCOORD3D") {
        3
    } else {
        2
    };
    let point = |point: &[f32]| {
        format!(
            " ({})",
            point
                .iter()
                .map(f32::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    let mut words = graphic + &data.chunks(axes).map(point).collect::<String>();
    let more = [
        (space, "frame of reference"),
        (whole(item, tags::PIXEL_ORIGIN_INTERPRETATION), "origin of"),
        (whole(item, tags::FIDUCIAL_UID), "fiducial"),
    ];
    for (value, name) in more {
        words.push_str(
            &value
                .map(|value| format!(", {name} {value}"))
                .unwrap_or_default(),
        );
    }
    escape::inline(&words)
}

/// `SEGMENT` with samples, offsets in seconds or date times.
fn moments(item: &InMemDicomObject) -> String {
    let mut words = text(item, tags::TEMPORAL_RANGE_TYPE).unwrap_or_else(|| "time".to_owned());
    for (tag, name) in [
        (tags::REFERENCED_SAMPLE_POSITIONS, "samples"),
        (tags::REFERENCED_TIME_OFFSETS, "seconds"),
        (tags::REFERENCED_DATE_TIME, "at"),
    ] {
        if let Some(values) = whole(item, tag) {
            words.push_str(&format!(" {name} {}", values.replace('\\', ", ")));
        }
    }
    escape::inline(&words)
}

/// All attributes of an item that nothing here knows, but its children.
fn everything(item: &InMemDicomObject) -> Vec<String> {
    let known = [
        tags::CONTENT_SEQUENCE,
        tags::CONCEPT_NAME_CODE_SEQUENCE,
        tags::RELATIONSHIP_TYPE,
        tags::VALUE_TYPE,
    ];
    let only: Vec<Tag> = item.tags().filter(|tag| !known.contains(tag)).collect();
    if only.is_empty() {
        return Vec::new();
    }
    let select = Select {
        only,
        private: Private::Shown,
        ..Select::default()
    };
    attributes::text(item, &select)
        .lines()
        .map(|line| format!("- {}", escape::inline(line.trim_end())))
        .collect()
}
