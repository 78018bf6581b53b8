//! The content of a report as a typed tree (PS3.3 C.17.3, C.18).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::value::whole;
use super::{Code, MAX_DEPTH, ReportError, children, is_report, items, reference};
use crate::groups;
use crate::image::text;

/// One content item with all that is below it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its place: `1` for the document, `1.2` for its second child.
    pub position: String,
    /// Relationship Type (0040,A010): `CONTAINS`; empty for the document itself.
    pub relationship: String,
    /// Concept Name Code Sequence (0040,A043).
    pub name: Option<Code>,
    /// Its value, by Value Type.
    pub value: Value,
    /// The items below it.
    pub children: Vec<Item>,
}

/// The value of a content item, by Value Type (0040,A040).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A section.
    Container,
    /// TEXT, as it is written.
    Text(String),
    /// CODE.
    Code(Option<Code>),
    /// NUM.
    Number {
        /// Numeric Value as it is written; `None` where there is none.
        value: Option<String>,
        /// Its unit.
        unit: Option<Code>,
        /// Why there is none, or what is special about it.
        qualifier: Option<Code>,
    },
    /// DATE, as DICOM writes it.
    Date(String),
    /// TIME, as DICOM writes it.
    Time(String),
    /// DATETIME, as DICOM writes it.
    DateTime(String),
    /// UIDREF.
    Uid(String),
    /// PNAME, as DICOM writes it.
    PersonName(String),
    /// IMAGE, COMPOSITE or WAVEFORM.
    Instance {
        /// Which of the three.
        kind: String,
        /// Referenced SOP Class UID.
        class: String,
        /// Referenced SOP Instance UID.
        instance: String,
        /// Referenced frames, segments or channels, as they are written; empty for all.
        parts: Vec<u32>,
    },
    /// SCOORD or SCOORD3D.
    Coordinates {
        /// Graphic Type (0070,0023).
        graphic: String,
        /// Points of two or three numbers.
        points: Vec<Vec<f32>>,
        /// Referenced Frame of Reference UID, of three-dimensional ones.
        frame_of_reference: Option<String>,
    },
    /// TCOORD.
    Moments {
        /// Temporal Range Type (0040,A130).
        range: String,
        /// Sample positions, offsets in seconds or date times, as they are written.
        values: Vec<String>,
    },
    /// By reference: the position of another item.
    See(String),
    /// A value type that is not known.
    Other(String),
}

/// The tree of a report.
///
/// Items deeper than 128 levels are left out: the parser lets none in.
pub fn tree(attributes: &InMemDicomObject) -> Result<Item, ReportError> {
    if !is_report(attributes) {
        return Err(ReportError::NotAReport);
    }
    Ok(item(attributes, "1".to_owned(), 0))
}

fn item(holder: &InMemDicomObject, position: String, depth: usize) -> Item {
    let below = if depth < MAX_DEPTH {
        children(holder)
    } else {
        &[]
    };
    Item {
        relationship: match depth {
            0 => String::new(),
            _ => text(holder, tags::RELATIONSHIP_TYPE).unwrap_or_default(),
        },
        name: Code::of(holder, tags::CONCEPT_NAME_CODE_SEQUENCE),
        value: value(holder),
        children: below
            .iter()
            .enumerate()
            .map(|(index, child)| item(child, format!("{position}.{}", index + 1), depth + 1))
            .collect(),
        position,
    }
}

fn value(holder: &InMemDicomObject) -> Value {
    if let Some(position) = reference(holder) {
        return Value::See(position);
    }
    let words = |tag: Tag| whole(holder, tag).unwrap_or_default();
    let kind = text(holder, tags::VALUE_TYPE).unwrap_or_default();
    match kind.as_str() {
        "CONTAINER" => Value::Container,
        "TEXT" => Value::Text(words(tags::TEXT_VALUE)),
        "CODE" => Value::Code(Code::of(holder, tags::CONCEPT_CODE_SEQUENCE)),
        "NUM" => {
            let measured = groups::item(holder, tags::MEASURED_VALUE_SEQUENCE, 0);
            Value::Number {
                value: measured.and_then(|measured| whole(measured, tags::NUMERIC_VALUE)),
                unit: measured
                    .and_then(|measured| Code::of(measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE)),
                qualifier: Code::of(holder, tags::NUMERIC_VALUE_QUALIFIER_CODE_SEQUENCE),
            }
        }
        "DATE" => Value::Date(words(tags::DATE)),
        "TIME" => Value::Time(words(tags::TIME)),
        "DATETIME" => Value::DateTime(words(tags::DATE_TIME)),
        "UIDREF" => Value::Uid(words(tags::UID)),
        "PNAME" => Value::PersonName(words(tags::PERSON_NAME)),
        "IMAGE" | "COMPOSITE" | "WAVEFORM" => {
            let referenced = items(holder, tags::REFERENCED_SOP_SEQUENCE).first();
            let of = |tag| referenced.and_then(|it| text(it, tag)).unwrap_or_default();
            let parts = [
                tags::REFERENCED_FRAME_NUMBER,
                tags::REFERENCED_SEGMENT_NUMBER,
                tags::REFERENCED_WAVEFORM_CHANNELS,
            ];
            let parts = parts
                .into_iter()
                .find_map(|tag| referenced?.get(tag)?.to_multi_int::<u32>().ok());
            Value::Instance {
                class: of(tags::REFERENCED_SOP_CLASS_UID),
                instance: of(tags::REFERENCED_SOP_INSTANCE_UID),
                parts: parts.unwrap_or_default(),
                kind,
            }
        }
        "SCOORD" | "SCOORD3D" => {
            let data = holder
                .get(tags::GRAPHIC_DATA)
                .and_then(|element| element.to_multi_float32().ok());
            let axes = if kind == "SCOORD3D" { 3 } else { 2 };
            Value::Coordinates {
                graphic: words(tags::GRAPHIC_TYPE),
                points: data
                    .unwrap_or_default()
                    .chunks(axes)
                    .map(<[f32]>::to_vec)
                    .collect(),
                frame_of_reference: whole(holder, tags::REFERENCED_FRAME_OF_REFERENCE_UID),
            }
        }
        "TCOORD" => {
            let values = [
                tags::REFERENCED_SAMPLE_POSITIONS,
                tags::REFERENCED_TIME_OFFSETS,
                tags::REFERENCED_DATE_TIME,
            ]
            .into_iter()
            .find_map(|tag| whole(holder, tag))
            .unwrap_or_default();
            Value::Moments {
                range: words(tags::TEMPORAL_RANGE_TYPE),
                values: values
                    .split('\\')
                    .map(|value| value.trim().to_owned())
                    .collect(),
            }
        }
        _ => Value::Other(kind),
    }
}

impl Item {
    /// The item and all below it, in the order of the report.
    pub fn walk(&self) -> Vec<&Item> {
        let mut found = vec![self];
        let mut next = 0;
        // An item is followed by its children, theirs first: no recursion, whatever the depth.
        while let Some(item) = found.get(next).copied() {
            next += 1;
            found.splice(next..next, item.children.iter());
        }
        found
    }
}
