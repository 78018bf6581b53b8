//! Identifiers of C-FIND (PS3.4 C.4.1.1.3).

use dicom_core::header::{HasLength, Header};
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::value::{self, Options};
use super::{Include, Key, Level, MAX_DEPTH, MAX_KEYS, Path, Query, QueryError};

/// Attributes of an identifier that are no keys.
const NO_KEYS: [Tag; 4] = [
    tags::SPECIFIC_CHARACTER_SET,
    tags::QUERY_RETRIEVE_LEVEL,
    tags::QUERY_RETRIEVE_VIEW,
    tags::TIMEZONE_OFFSET_FROM_UTC,
];

/// Reads an identifier.
pub(super) fn parse(identifier: &InMemDicomObject) -> Result<Query, QueryError> {
    let mut query = Query::all(level(identifier)?);
    collect(&mut query, None, identifier)?;
    Ok(query)
}

/// Writes an identifier.
pub(super) fn print(query: &Query) -> InMemDicomObject {
    let mut identifier = InMemDicomObject::new_empty();
    let level = PrimitiveValue::from(query.level.term());
    identifier.put(DataElement::new(tags::QUERY_RETRIEVE_LEVEL, VR::CS, level));
    let scope = [
        (tags::STUDY_INSTANCE_UID, &query.study),
        (tags::SERIES_INSTANCE_UID, &query.series),
    ];
    if let Include::Fields(fields) = &query.include {
        for path in fields {
            put(&mut identifier, path.tags(), path.vr(), "");
        }
    }
    for key in &query.keys {
        let text = value::print(&key.matching);
        if !text.is_ascii() {
            let utf8 = PrimitiveValue::from("ISO_IR 192");
            identifier.put(DataElement::new(tags::SPECIFIC_CHARACTER_SET, VR::CS, utf8));
        }
        put(&mut identifier, key.path.tags(), key.vr, &text);
    }
    for (tag, uid) in scope {
        if let Some(uid) = uid {
            put(&mut identifier, &[tag], VR::UI, uid.as_str());
        }
    }
    identifier
}

fn level(identifier: &InMemDicomObject) -> Result<Level, QueryError> {
    let text = identifier
        .get(tags::QUERY_RETRIEVE_LEVEL)
        .and_then(|e| e.to_str().ok());
    let text = text
        .filter(|text| !text.trim().is_empty())
        .ok_or(QueryError::NoLevel)?;
    match text.trim_matches([' ', '\0']) {
        "PATIENT" => Ok(Level::Patient),
        "STUDY" => Ok(Level::Study),
        "SERIES" => Ok(Level::Series),
        "IMAGE" => Ok(Level::Instance),
        other => Err(QueryError::BadLevel {
            value: other.to_owned(),
        }),
    }
}

/// Turns the elements of an item into keys. Recursion is bounded by [`MAX_DEPTH`].
fn collect(
    query: &mut Query,
    parent: Option<&Path>,
    item: &InMemDicomObject,
) -> Result<(), QueryError> {
    for element in item.iter() {
        let tag = element.tag();
        if tag.element() == 0 || (parent.is_none() && NO_KEYS.contains(&tag)) {
            continue;
        }
        let path = parent.map_or_else(|| Path::from(tag), |parent| parent.then(tag));
        if path.sequences().len() > MAX_DEPTH {
            return Err(QueryError::TooDeep { path });
        }
        match element.value() {
            Value::Sequence(sequence) => match sequence.items() {
                [] => push(query, path, VR::SQ, "")?,
                [item] if item.iter().next().is_none() => push(query, path, VR::SQ, "")?,
                [item] => collect(query, Some(&path), item)?,
                items => {
                    return Err(QueryError::SeveralItems {
                        path,
                        items: items.len(),
                    });
                }
            },
            Value::Primitive(_) => {
                let known = path.vr();
                let vr = if known == VR::UN { element.vr() } else { known };
                if !element.is_empty() && !value::is_matchable(vr) {
                    query.ignored.push(path.to_string());
                    continue;
                }
                let text = element.to_multi_str().map(|parts| parts.join("\\"));
                push(query, path, vr, &text.unwrap_or_default())?;
            }
            Value::PixelSequence(_) => query.ignored.push(path.to_string()),
        }
    }
    Ok(())
}

fn push(query: &mut Query, path: Path, vr: VR, text: &str) -> Result<(), QueryError> {
    if query.keys.len() >= MAX_KEYS {
        return Err(QueryError::TooManyKeys);
    }
    if Path::parse(&path.to_string()).is_none() {
        query.ignored.push(path.to_string());
        return Ok(());
    }
    let options = Options {
        empty_values: false,
        multiple_values: false,
    };
    let matching = value::parse(&path, vr, text, options)?;
    query.keys.push(Key { path, vr, matching });
    Ok(())
}

/// Puts a value at a path, making the one item of each sequence on the way.
fn put(object: &mut InMemDicomObject, path: &[Tag], vr: VR, text: &str) {
    let (&tag, rest) = match path.split_first() {
        Some(split) => split,
        None => return,
    };
    if rest.is_empty() {
        object.put(leaf(tag, vr, text));
        return;
    }
    let item = object.take(tag).and_then(|e| e.into_value().into_items());
    let mut item = item
        .and_then(|items| items.into_iter().next())
        .unwrap_or_else(InMemDicomObject::new_empty);
    put(&mut item, rest, vr, text);
    let sequence = DataSetSequence::new(vec![item], Length::UNDEFINED);
    object.put(DataElement::new(tag, VR::SQ, sequence));
}

fn leaf(tag: Tag, vr: VR, text: &str) -> InMemElement {
    if vr == VR::SQ {
        return DataElement::new(tag, vr, DataSetSequence::empty());
    }
    if text.is_empty() {
        return DataElement::new(tag, vr, PrimitiveValue::Empty);
    }
    let number = |vr| -> Option<PrimitiveValue> {
        Some(match vr {
            VR::US => text.parse::<u16>().ok()?.into(),
            VR::SS => text.parse::<i16>().ok()?.into(),
            VR::UL => text.parse::<u32>().ok()?.into(),
            VR::SL => text.parse::<i32>().ok()?.into(),
            VR::UV => text.parse::<u64>().ok()?.into(),
            VR::SV => text.parse::<i64>().ok()?.into(),
            VR::FL => text.parse::<f32>().ok()?.into(),
            VR::FD => text.parse::<f64>().ok()?.into(),
            VR::AT => PrimitiveValue::from(text.parse::<Tag>().ok()?),
            _ => return None,
        })
    };
    let value = match vr {
        VR::US | VR::SS | VR::UL | VR::SL | VR::UV | VR::SV | VR::FL | VR::FD | VR::AT => {
            number(vr).unwrap_or(PrimitiveValue::Empty)
        }
        _ => PrimitiveValue::from(text),
    };
    DataElement::new(tag, vr, value)
}
