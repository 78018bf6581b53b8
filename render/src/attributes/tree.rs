//! A data set as a tree of typed values.

use dicom_core::header::Header;
use dicom_core::value::{PrimitiveValue, Value as DicomValue};
use dicom_core::{Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use serde::Serialize;

use super::{MAX_DEPTH, Private, Select, creator, is_binary, is_private, keyword};
use crate::calendar::{date, date_time, time};
use crate::person::PersonName;
use crate::text::{is_unsafe, one_line, uid_name};

/// The most values of one attribute; what is beyond is cut and said.
const MOST_VALUES: usize = 256;

/// An attribute with its value. As JSON: `tag`, `keyword` or `privateCreator`, `vr`, and what [`Content`] has.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// Eight hexadecimal digits, as in the DICOM JSON model.
    pub tag: String,
    /// Its keyword; `None` where the dictionary has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// Who defined it, where it is private and that is said (PS3.5 7.8.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_creator: Option<String>,
    /// Its value representation.
    pub vr: &'static str,
    /// What it holds.
    #[serde(flatten)]
    pub content: Content,
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Content {
    /// Values, none for an empty attribute.
    #[serde(rename_all = "camelCase")]
    Values {
        /// At most 256 of them.
        values: Vec<Value>,
        /// How many there are, where not all are here.
        #[serde(skip_serializing_if = "Option::is_none")]
        value_count: Option<usize>,
    },
    /// The items of a sequence.
    #[serde(rename_all = "camelCase")]
    Items {
        /// As many as were asked for; none where they are nested too deep.
        items: Vec<Vec<Attribute>>,
        /// How many there are, where not all are here.
        #[serde(skip_serializing_if = "Option::is_none")]
        item_count: Option<usize>,
    },
    /// Binary data, which is told by its length.
    Bytes {
        /// The length of all of it.
        bytes: usize,
        /// How many fragments it is in, where it is encapsulated.
        #[serde(skip_serializing_if = "Option::is_none")]
        fragments: Option<usize>,
    },
}

/// One value.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Value {
    /// A text. Dates, times and both are as ISO 8601 writes them if they are sound; numbers that are none are here too.
    Text(String),
    /// The beginning of a text.
    Cut {
        /// The beginning.
        cut: String,
        /// Characters of the whole.
        length: usize,
    },
    /// A whole number.
    Whole(i64),
    /// A whole number that may be above what the signed ones have.
    Unsigned(u64),
    /// A number.
    Real(f64),
    /// A person's name in up to three scripts.
    Name(Box<PersonName>),
    /// A UID with the name that the standard gives it.
    Uid {
        /// The UID.
        uid: String,
        /// Its name.
        name: &'static str,
    },
}

/// The data set as a tree. Private attributes that [`Select`] does not want are left out.
pub fn tree(attributes: &InMemDicomObject, select: &Select) -> Vec<Attribute> {
    let wanted = attributes.iter().filter(|element| {
        let tag = element.header().tag;
        select.only.contains(&tag)
            || select.only.is_empty() && (!is_private(tag) || select.private == Private::Shown)
    });
    wanted
        .map(|element| attribute(attributes, element, select, 1))
        .collect()
}

fn attribute(
    parent: &InMemDicomObject,
    element: &InMemElement,
    select: &Select,
    depth: usize,
) -> Attribute {
    let tag = element.tag();
    let Tag(group, number) = tag;
    Attribute {
        tag: format!("{group:04X}{number:04X}"),
        keyword: keyword(tag).map(str::to_owned),
        private_creator: creator(parent, tag),
        vr: element.vr().to_string(),
        content: content(element, select, depth),
    }
}

fn content(element: &InMemElement, select: &Select, depth: usize) -> Content {
    match element.value() {
        DicomValue::Sequence(sequence) => {
            let all = sequence.items();
            let room = if depth < MAX_DEPTH { select.items } else { 0 };
            let items = all.iter().take(room).map(|item| {
                let wanted = item.iter().filter(|element| {
                    !is_private(element.tag()) || select.private == Private::Shown
                });
                wanted
                    .map(|element| attribute(item, element, select, depth + 1))
                    .collect()
            });
            Content::Items {
                items: items.collect(),
                item_count: (all.len() > room).then_some(all.len()),
            }
        }
        DicomValue::PixelSequence(pixels) => Content::Bytes {
            bytes: pixels.fragments().iter().map(Vec::len).sum(),
            fragments: Some(pixels.fragments().len()),
        },
        DicomValue::Primitive(PrimitiveValue::Empty) => Content::Values {
            values: Vec::new(),
            value_count: None,
        },
        DicomValue::Primitive(value) if is_binary(element.vr(), value) => Content::Bytes {
            bytes: value.calculate_byte_len(),
            fragments: None,
        },
        DicomValue::Primitive(value) => {
            let count = value.multiplicity() as usize;
            Content::Values {
                values: values(element.vr(), value, select.value_length),
                value_count: (count > MOST_VALUES).then_some(count),
            }
        }
    }
}

fn values(vr: VR, value: &PrimitiveValue, length: usize) -> Vec<Value> {
    fn take<'a, T: Copy + 'a>(numbers: &'a [T], of: impl Fn(T) -> Value) -> Vec<Value> {
        numbers
            .iter()
            .take(MOST_VALUES)
            .map(|number| of(*number))
            .collect()
    }
    match value {
        PrimitiveValue::U8(numbers) => take(numbers, |number| Value::Whole(number.into())),
        PrimitiveValue::I16(numbers) => take(numbers, |number| Value::Whole(number.into())),
        PrimitiveValue::U16(numbers) => take(numbers, |number| Value::Whole(number.into())),
        PrimitiveValue::I32(numbers) => take(numbers, |number| Value::Whole(number.into())),
        PrimitiveValue::U32(numbers) => take(numbers, |number| Value::Whole(number.into())),
        PrimitiveValue::I64(numbers) => take(numbers, Value::Whole),
        PrimitiveValue::U64(numbers) => take(numbers, Value::Unsigned),
        // The shortest decimal of a single is what was meant, not its digits as a double.
        PrimitiveValue::F32(numbers) => take(numbers, |number| {
            real(number.to_string().parse().unwrap_or(f64::NAN))
        }),
        PrimitiveValue::F64(numbers) => take(numbers, real),
        PrimitiveValue::Tags(tags) => take(tags, |Tag(group, number)| {
            Value::Text(format!("{group:04X}{number:04X}"))
        }),
        other if matches!(vr, VR::LT | VR::ST | VR::UT | VR::UR) => {
            vec![typed(vr, &other.to_str(), length)]
        }
        other => {
            let whole = other.to_str();
            let texts = whole.split('\\').take(MOST_VALUES);
            let is_empty = whole.trim_matches(['\0', ' ']).is_empty();
            let texts = texts.filter(|_| !is_empty);
            texts.map(|text| typed(vr, text, length)).collect()
        }
    }
}

/// Line breaks stay, as JSON escapes them; what turns text around or is not seen is escaped here.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => out.push(character),
            other if is_unsafe(other) => out.extend(other.escape_unicode()),
            other => out.push(other),
        }
    }
    out
}

/// JSON has no word for what is not finite.
fn real(number: f64) -> Value {
    if number.is_finite() {
        Value::Real(number)
    } else {
        Value::Text(number.to_string())
    }
}

fn typed(vr: VR, text: &str, length: usize) -> Value {
    let text = text.trim_end_matches(['\0', ' ']);
    let bare = text.trim_start();
    match vr {
        VR::IS => bare
            .parse()
            .map_or_else(|_| plain(text, length), Value::Whole),
        VR::DS => match bare.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Real(number),
            _ => plain(text, length),
        },
        VR::DA => plain(&date(text), length),
        VR::TM => plain(&time(text), length),
        VR::DT => plain(&date_time(text), length),
        VR::PN if text.chars().count() <= length => {
            Value::Name(Box::new(PersonName::parse(&one_line(text))))
        }
        VR::UI => match uid_name(text) {
            Some(name) => Value::Uid {
                uid: text.to_owned(),
                name,
            },
            None => plain(text, length),
        },
        _ => plain(text, length),
    }
}

fn plain(text: &str, length: usize) -> Value {
    match text.char_indices().nth(length) {
        None => Value::Text(visible(text)),
        Some((end, _)) => Value::Cut {
            cut: visible(&text[..end]),
            length: text.chars().count(),
        },
    }
}
