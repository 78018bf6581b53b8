//! A data set as aligned lines of text, and as a tree of typed values.

mod tree;

use std::fmt::Write;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::{PrimitiveValue, Value};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::text::{cut, one_line, uid_name};

pub use tree::{Attribute, Content, Value as TypedValue, tree};

/// Which attributes to write, and how much of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// Only these, at the top level, with all they contain; everything where empty.
    pub only: Vec<Tag>,
    /// Whether private attributes are written, with their creator. One that `only` names always is.
    pub private: Private,
    /// The most characters of a value; what is beyond is cut and said.
    pub value_length: usize,
    /// The most items of a sequence; what is beyond is cut and said.
    pub items: usize,
}

/// What becomes of private attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Private {
    /// Left out; how many is said in the last line.
    #[default]
    Counted,
    /// Written like others.
    Shown,
}

impl Default for Select {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            private: Private::Counted,
            value_length: 120,
            items: 100,
        }
    }
}

/// A text that names no attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an attribute keyword nor a tag such as 00100010 or (0010,0010)")]
pub struct SelectError(pub String);

/// The tag that a person means by a keyword (`PatientName`) or a tag (`00100010`, `0010,0010`, `(0010,0010)`).
pub fn tag(text: &str) -> Result<Tag, SelectError> {
    let bad = || SelectError(text.to_owned());
    let trimmed = text.trim();
    let bare = trimmed
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .unwrap_or(trimmed);
    let digits: String = bare.split(',').map(str::trim).collect();
    if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let number = u32::from_str_radix(&digits, 16).map_err(|_| bad())?;
        return Ok(Tag((number >> 16) as u16, number as u16));
    }
    StandardDataDictionary
        .by_name(trimmed)
        .map(|entry| entry.tag())
        .ok_or_else(bad)
}

/// Objects parsed from bytes are never deeper; ones built in memory might be.
const MAX_DEPTH: usize = 128;

/// The data set as text: one line an attribute with tag, keyword, VR and value, items of sequences indented below.
///
/// Binary values are told by their length, line breaks and control characters are escaped, so a value cannot look like a line.
pub fn text(attributes: &InMemDicomObject, select: &Select) -> String {
    let mut lines = Lines {
        select,
        out: String::new(),
        private: 0,
    };
    for element in attributes.iter() {
        let tag = element.header().tag;
        if select.only.is_empty() || select.only.contains(&tag) {
            lines.element(attributes, element, 0);
        }
    }
    if lines.private > 0 {
        let _ = writeln!(
            lines.out,
            "({} private attributes are not shown)",
            lines.private
        );
    }
    lines.out
}

struct Lines<'s> {
    select: &'s Select,
    out: String,
    private: usize,
}

impl Lines<'_> {
    fn element(&mut self, parent: &InMemDicomObject, element: &InMemElement, depth: usize) {
        let tag = element.header().tag;
        if is_private(tag)
            && self.select.private == Private::Counted
            && !self.select.only.contains(&tag)
        {
            self.private += 1;
            return;
        }
        let name = name(parent, tag);
        let value = self.value(element);
        let (Tag(group, number), vr) = (tag, element.vr());
        let indent = "  ".repeat(depth);
        // Writing to a String cannot fail.
        let _ = writeln!(
            self.out,
            "{indent}({group:04X},{number:04X}) {name:<34} {vr}  {}",
            value.trim_end()
        );
        let items = element.value().items().unwrap_or_default();
        if !items.is_empty() && depth + 1 >= MAX_DEPTH {
            let _ = writeln!(
                self.out,
                "{indent}  (nested deeper than {MAX_DEPTH} levels, not shown)"
            );
            return;
        }
        for (index, item) in items.iter().take(self.select.items).enumerate() {
            let _ = writeln!(self.out, "{indent}  item {}", index + 1);
            for element in item.iter() {
                self.element(item, element, depth + 2);
            }
        }
        if items.len() > self.select.items {
            let _ = writeln!(self.out, "{indent}  (cut, {} items in all)", items.len());
        }
    }

    fn value(&self, element: &InMemElement) -> String {
        let text = match element.value() {
            Value::Sequence(sequence) => return count(sequence.items().len(), "item"),
            Value::PixelSequence(pixels) => {
                let bytes: usize = pixels.fragments().iter().map(Vec::len).sum();
                return format!(
                    "{} in {}",
                    count(bytes, "byte"),
                    count(pixels.fragments().len(), "fragment")
                );
            }
            Value::Primitive(PrimitiveValue::Empty) => return String::new(),
            Value::Primitive(value) if is_binary(element.vr(), value) => return binary(value),
            Value::Primitive(PrimitiveValue::Tags(tags)) => tags
                .iter()
                .map(|tag| format!("({:04X},{:04X})", tag.0, tag.1))
                .collect::<Vec<_>>()
                .join("\\"),
            Value::Primitive(value) => one_line(&value.to_str()),
        };
        let meaning = (element.vr() == VR::UI).then(|| uid_name(&text)).flatten();
        let text = cut(text, self.select.value_length);
        meaning.map_or(text.clone(), |meaning| format!("{text} = {meaning}"))
    }
}

fn is_private(tag: Tag) -> bool {
    tag.group() % 2 == 1
}

/// The keyword, or for a private attribute its creator in brackets.
fn name(parent: &InMemDicomObject, tag: Tag) -> String {
    if !is_private(tag) {
        return keyword(tag).unwrap_or("?").to_owned();
    }
    if (0x0010..0x0100).contains(&tag.element()) {
        return "[private creator]".to_owned();
    }
    creator(parent, tag).map_or("[no private creator]".to_owned(), |creator| {
        format!("[{creator}]")
    })
}

fn keyword(tag: Tag) -> Option<&'static str> {
    StandardDataDictionary
        .by_tag(tag)
        .filter(|_| !is_private(tag))
        .map(|entry| entry.alias())
}

/// Who defined a private attribute: (gggg,xxee) belongs to the creator in (gggg,00xx), PS3.5 7.8.1.
fn creator(parent: &InMemDicomObject, tag: Tag) -> Option<String> {
    if !is_private(tag) || tag.element() < 0x0100 {
        return None;
    }
    let creator = parent
        .get(Tag(tag.group(), tag.element() >> 8))
        .and_then(|element| element.to_str().ok())?;
    Some(one_line(&creator))
}

fn is_binary(vr: VR, value: &PrimitiveValue) -> bool {
    matches!(
        vr,
        VR::OB | VR::OW | VR::OD | VR::OF | VR::OL | VR::OV | VR::UN
    ) && !matches!(value, PrimitiveValue::Str(_) | PrimitiveValue::Strs(_))
        || matches!(value, PrimitiveValue::U8(bytes) if bytes.len() > 1)
}

/// Length and, where they are few, the bytes.
fn binary(value: &PrimitiveValue) -> String {
    const FEW: usize = 16;
    let length = value.calculate_byte_len();
    if length > FEW {
        return count(length, "byte");
    }
    let bytes: Vec<String> = value
        .to_bytes()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    format!("{}: {}", count(length, "byte"), bytes.join(" "))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
