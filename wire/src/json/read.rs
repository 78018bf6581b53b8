//! JSON to data set.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{Length, Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use serde_json::Value;

use crate::part10::Step;
use crate::value::{Form, form, from_little_endian};

/// How deeply objects and arrays may nest: three for every sequence in a sequence.
pub const MAX_DEPTH: usize = 400;

/// A data set that was read, with what it only points to and what was wrong with it.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What could be read. An attribute given by a link is there with an empty value.
    pub object: InMemDicomObject,
    /// The values given by a link.
    pub links: Vec<Link>,
    /// Departures from the model. What carries one was read as far as its meaning is plain.
    pub faults: Vec<Fault>,
}

/// A value that has to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The items that the attribute lies in, outermost first.
    pub path: Vec<Step>,
    /// The attribute.
    pub tag: Tag,
    /// Its value representation.
    pub vr: VR,
    /// Where its value is, as written: it may be relative.
    pub uri: String,
}

/// A departure from the model, without any value: values may be a patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The key in question, with those of the sequences around it: `00400275.0.00400009`.
    pub at: String,
    /// What is wrong with it.
    pub wrong: WhatIsWrong,
}

/// What is wrong with an attribute (PS3.18 F.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhatIsWrong {
    /// The key is no tag; the attribute was left out.
    #[error("the key is not eight upper-case hexadecimal digits")]
    Key,
    /// The attribute is no object; it was left out.
    #[error("the attribute is not an object")]
    Attribute,
    /// No VR; the dictionary's was taken.
    #[error("vr is missing")]
    NoVr,
    /// No such VR; the dictionary's was taken.
    #[error("vr is none that exists")]
    UnknownVr,
    /// More than one of Value, InlineBinary and BulkDataURI; the first of them was taken.
    #[error("more than one of Value, InlineBinary and BulkDataURI is there")]
    SeveralForms,
    /// Value is a value and not a list; it was taken as a list of one.
    #[error("Value is not an array")]
    NotArray,
    /// Value is an empty list.
    #[error("Value is an empty array where it should be absent")]
    EmptyArray,
    /// A value of a type that the VR does not have.
    #[error("a value has another type than its vr asks for")]
    Type,
    /// A number that the VR cannot hold; it was left out.
    #[error("a number is out of the range of its vr")]
    Range,
    /// InlineBinary that is not base64.
    #[error("InlineBinary is not base64")]
    Base64,
    /// BulkDataURI or InlineBinary where the VR has Value.
    #[error("the vr has no such form of value")]
    Form,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attribute {}: {}", self.at, self.wrong)
    }
}

/// Why a body is no DICOM JSON at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON. The text is the parser's, with line and column.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// Neither an object nor an array of objects.
    #[error("{0} where an object or an array of objects is required")]
    NotObjects(&'static str),
    /// Nested too deeply to be read safely.
    #[error("objects and arrays are nested more than {MAX_DEPTH} deep")]
    TooDeep,
}

/// Reads a body: an array of data sets, or one data set.
pub fn parse(body: &[u8]) -> Result<Vec<Parsed>, JsonError> {
    if depth(body) > MAX_DEPTH {
        return Err(JsonError::TooDeep);
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    reader.disable_recursion_limit();
    let syntax = |error: serde_json::Error| JsonError::Syntax(error.to_string());
    let value: Value = serde::Deserialize::deserialize(&mut reader).map_err(syntax)?;
    reader.end().map_err(syntax)?;
    match &value {
        Value::Object(_) => Ok(vec![from_value(&value)?]),
        Value::Array(values) => values.iter().map(from_value).collect(),
        other => Err(JsonError::NotObjects(kind(other))),
    }
}

/// Reads one data set.
pub fn from_value(value: &Value) -> Result<Parsed, JsonError> {
    let Value::Object(members) = value else {
        return Err(JsonError::NotObjects(kind(value)));
    };
    let mut reading = Reading {
        links: Vec::new(),
        faults: Vec::new(),
        path: Vec::new(),
    };
    let object = reading.object(members);
    Ok(Parsed {
        object,
        links: reading.links,
        faults: reading.faults,
    })
}

struct Reading {
    links: Vec<Link>,
    faults: Vec<Fault>,
    path: Vec<Step>,
}

impl Reading {
    fn object(&mut self, members: &serde_json::Map<String, Value>) -> InMemDicomObject {
        let mut object = InMemDicomObject::new_empty();
        for (key, attribute) in members {
            let Some(tag) = parse_tag(key) else {
                self.fault(key, WhatIsWrong::Key);
                continue;
            };
            if key.bytes().any(|byte| byte.is_ascii_lowercase()) {
                self.fault(key, WhatIsWrong::Key);
            }
            match attribute {
                Value::Object(attribute) => {
                    let element = self.attribute(key, tag, attribute);
                    object.put(element);
                }
                _ => self.fault(key, WhatIsWrong::Attribute),
            }
        }
        object
    }

    fn attribute(
        &mut self,
        key: &str,
        tag: Tag,
        attribute: &serde_json::Map<String, Value>,
    ) -> InMemElement {
        let vr = self.vr(key, tag, attribute.get("vr"));
        let forms = ["Value", "InlineBinary", "BulkDataURI"].map(|form| attribute.get(form));
        if forms.iter().flatten().count() > 1 {
            self.fault(key, WhatIsWrong::SeveralForms);
        }
        let value = match forms {
            [Some(values), ..] => {
                let single = std::slice::from_ref(values);
                let values = match values {
                    Value::Array(values) => values.as_slice(),
                    Value::Null => &[],
                    _ => single,
                };
                if !attribute["Value"].is_array() {
                    self.fault(key, WhatIsWrong::NotArray);
                } else if values.is_empty() {
                    self.fault(key, WhatIsWrong::EmptyArray);
                }
                if form(vr) == Form::Items {
                    return self.sequence(key, tag, values);
                }
                self.values(key, vr, values)
            }
            [_, Some(binary), _] => self.binary(key, vr, binary),
            [_, _, Some(Value::String(uri))] => {
                self.links.push(Link {
                    path: self.path.clone(),
                    tag,
                    vr,
                    uri: uri.clone(),
                });
                PrimitiveValue::Empty
            }
            [_, _, Some(_)] => {
                self.fault(key, WhatIsWrong::Type);
                PrimitiveValue::Empty
            }
            _ if form(vr) == Form::Items => return self.sequence(key, tag, &[]),
            _ => PrimitiveValue::Empty,
        };
        InMemElement::new(tag, vr, value)
    }

    fn vr(&mut self, key: &str, tag: Tag, vr: Option<&Value>) -> VR {
        let known = vr
            .and_then(Value::as_str)
            .and_then(|text| text.parse::<VR>().ok());
        known.unwrap_or_else(|| {
            self.fault(
                key,
                if vr.is_none() {
                    WhatIsWrong::NoVr
                } else {
                    WhatIsWrong::UnknownVr
                },
            );
            StandardDataDictionary
                .by_tag(tag)
                .map_or(VR::UN, |entry| entry.vr().relaxed())
        })
    }

    fn sequence(&mut self, key: &str, tag: Tag, values: &[Value]) -> InMemElement {
        let mut items = Vec::new();
        for (index, value) in values.iter().enumerate() {
            self.path.push(Step {
                sequence: tag,
                item: index,
            });
            match value {
                Value::Object(members) => items.push(self.object(members)),
                // An item that is null keeps its place.
                Value::Null => items.push(InMemDicomObject::new_empty()),
                _ => {
                    items.push(InMemDicomObject::new_empty());
                    self.faults.push(Fault {
                        at: self.place(key),
                        wrong: WhatIsWrong::Type,
                    });
                }
            }
            self.path.pop();
        }
        InMemElement::new(tag, VR::SQ, DataSetSequence::new(items, Length::UNDEFINED))
    }

    fn values(&mut self, key: &str, vr: VR, values: &[Value]) -> PrimitiveValue {
        match form(vr) {
            Form::Binary => {
                self.fault(key, WhatIsWrong::Form);
                PrimitiveValue::Empty
            }
            Form::Number => self.numbers(key, vr, values),
            Form::Tag => {
                let tags = values.iter().filter_map(|value| {
                    let tag = value.as_str().and_then(parse_tag);
                    if tag.is_none() {
                        self.fault(key, WhatIsWrong::Type);
                    }
                    tag
                });
                PrimitiveValue::Tags(tags.collect())
            }
            Form::Text | Form::NumberText | Form::Name | Form::Items => {
                let texts: Vec<String> = values
                    .iter()
                    .map(|value| self.text(key, vr, value))
                    .collect();
                match texts.len() {
                    0 => PrimitiveValue::Empty,
                    1 if texts[0].is_empty() => PrimitiveValue::Empty,
                    _ => PrimitiveValue::Strs(texts.into()),
                }
            }
        }
    }

    fn text(&mut self, key: &str, vr: VR, value: &Value) -> String {
        let right = match value {
            Value::Null => true,
            Value::Object(_) => vr == VR::PN,
            Value::String(_) => vr != VR::PN,
            Value::Number(_) => matches!(vr, VR::DS | VR::IS),
            Value::Bool(_) | Value::Array(_) => false,
        };
        if !right {
            self.fault(key, WhatIsWrong::Type);
        }
        match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Object(groups) => {
                let groups = ["Alphabetic", "Ideographic", "Phonetic"].map(|group| {
                    groups
                        .get(group)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                });
                groups.join("=").trim_end_matches('=').to_owned()
            }
            _ => String::new(),
        }
    }

    fn numbers(&mut self, key: &str, vr: VR, values: &[Value]) -> PrimitiveValue {
        macro_rules! whole {
            ($variant:ident, $type:ty) => {{
                let numbers = values.iter().filter_map(|value| {
                    let number = self.whole(key, vr, value)?;
                    let fitting = <$type>::try_from(number).ok();
                    if fitting.is_none() {
                        self.fault(key, WhatIsWrong::Range);
                    }
                    fitting
                });
                PrimitiveValue::$variant(numbers.collect())
            }};
        }
        match vr {
            VR::US => whole!(U16, u16),
            VR::SS => whole!(I16, i16),
            VR::UL => whole!(U32, u32),
            VR::SL => whole!(I32, i32),
            VR::UV => whole!(U64, u64),
            VR::SV => whole!(I64, i64),
            VR::FL => {
                let numbers = values.iter().filter_map(|value| self.float(key, value));
                PrimitiveValue::F32(numbers.map(|number| number as f32).collect())
            }
            _ => PrimitiveValue::F64(
                values
                    .iter()
                    .filter_map(|value| self.float(key, value))
                    .collect(),
            ),
        }
    }

    fn whole(&mut self, key: &str, vr: VR, value: &Value) -> Option<i128> {
        let number = match value {
            Value::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(number), _) => Some(number),
                (None, Some(float)) if float.fract() == 0.0 => Some(float as i128),
                _ => None,
            },
            Value::String(text) => {
                if !matches!(vr, VR::SV | VR::UV) {
                    self.fault(key, WhatIsWrong::Type);
                }
                text.trim().parse().ok()
            }
            _ => None,
        };
        if number.is_none() {
            self.fault(key, WhatIsWrong::Type);
        }
        number
    }

    fn float(&mut self, key: &str, value: &Value) -> Option<f64> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => {
                let number: Option<f64> = text.trim().parse().ok();
                if number.is_some_and(f64::is_finite) {
                    self.fault(key, WhatIsWrong::Type);
                }
                number
            }
            _ => None,
        };
        if number.is_none() {
            self.fault(key, WhatIsWrong::Type);
        }
        number
    }

    fn binary(&mut self, key: &str, vr: VR, value: &Value) -> PrimitiveValue {
        if form(vr) != Form::Binary {
            self.fault(key, WhatIsWrong::Form);
            return PrimitiveValue::Empty;
        }
        match value.as_str().map(|text| STANDARD.decode(text)) {
            Some(Ok(bytes)) => from_little_endian(vr, bytes),
            _ => {
                self.fault(key, WhatIsWrong::Base64);
                PrimitiveValue::Empty
            }
        }
    }

    fn fault(&mut self, key: &str, wrong: WhatIsWrong) {
        let fault = Fault {
            at: self.place(key),
            wrong,
        };
        if self.faults.last() != Some(&fault) {
            self.faults.push(fault);
        }
    }

    fn place(&self, key: &str) -> String {
        let key: String = key.chars().take(40).collect();
        let steps = self.path.iter().map(|step| {
            let Tag(group, element) = step.sequence;
            format!("{group:04X}{element:04X}.{}.", step.item)
        });
        steps.chain([key]).collect()
    }
}

fn parse_tag(text: &str) -> Option<Tag> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let group = u16::from_str_radix(&text[..4], 16).ok()?;
    let element = u16::from_str_radix(&text[4..], 16).ok()?;
    Some(Tag(group, element))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// How deeply brackets nest, strings apart. Bytes that are not JSON give some number.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
