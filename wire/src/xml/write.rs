//! Data set to XML.

use std::borrow::Cow;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::value::{PrimitiveValue, Value};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::{Links, NAMESPACE};
use crate::part10::Step;
use crate::value::{Form, form, is_left_out, little_endian, may_be_linked, texts, written_vr};

/// The five parts of a name group, in their order (PS3.19 Table A.1.5-5).
pub(super) const COMPONENTS: [&str; 5] = [
    "FamilyName",
    "GivenName",
    "MiddleName",
    "NamePrefix",
    "NameSuffix",
];
/// The three groups of a name, in their order.
pub(super) const GROUPS: [&str; 3] = ["Alphabetic", "Ideographic", "Phonetic"];

/// Writes a data set as one XML document in UTF-8, without line breaks between the elements.
///
/// Characters that XML 1.0 does not know become U+FFFD. Compressed pixel data is written without a
/// value unless it is linked. Errors are those of `out`.
pub fn write(out: &mut impl Write, object: &InMemDicomObject, links: Links<'_>) -> io::Result<()> {
    write!(
        out,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel xmlns=\"{NAMESPACE}\" xml:space=\"preserve\">"
    )?;
    write_object(out, object, &mut Vec::new(), links)?;
    out.write_all(b"</NativeDicomModel>\n")
}

/// [`write()`] into memory.
pub fn to_vec(object: &InMemDicomObject, links: Links<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, object, links).expect("a Vec takes every byte");
    bytes
}

fn write_object(
    out: &mut impl Write,
    object: &InMemDicomObject,
    path: &mut Vec<Step>,
    links: Links<'_>,
) -> io::Result<()> {
    for element in object
        .iter()
        .filter(|element| !is_left_out(element.header().tag))
    {
        write_head(out, object, element)?;
        write_value(out, element, path, links)?;
        out.write_all(b"</DicomAttribute>")?;
    }
    Ok(())
}

/// The start tag. A private tag is written with its block taken out and its creator named.
fn write_head(
    out: &mut impl Write,
    object: &InMemDicomObject,
    element: &InMemElement,
) -> io::Result<()> {
    let tag = element.header().tag;
    let vr = written_vr(element).to_string();
    let Tag(group, number) = tag;
    if group % 2 == 1 && number >= 0x1000 {
        let creator = object
            .get(Tag(group, number >> 8))
            .and_then(|creator| creator.to_str().ok());
        if let Some(creator) = creator {
            let creator = escaped(creator.trim());
            return write!(
                out,
                "<DicomAttribute tag=\"{group:04X}{:04X}\" vr=\"{vr}\" privateCreator=\"{creator}\">",
                number & 0xFF
            );
        }
    }
    write!(
        out,
        "<DicomAttribute tag=\"{group:04X}{number:04X}\" vr=\"{vr}\""
    )?;
    if let Some(entry) = StandardDataDictionary.by_tag(tag)
        && group % 2 == 0
    {
        write!(out, " keyword=\"{}\"", entry.alias())?;
    }
    out.write_all(b">")
}

fn write_value(
    out: &mut impl Write,
    element: &InMemElement,
    path: &mut Vec<Step>,
    links: Links<'_>,
) -> io::Result<()> {
    let linkable =
        matches!(element.value(), Value::PixelSequence(_)) || may_be_linked(element.vr());
    if linkable && let Some(uri) = links(path, element) {
        return write!(out, "<BulkData uri=\"{}\"/>", escaped(&uri));
    }
    match element.value() {
        Value::Sequence(sequence) => {
            for (item, object) in sequence.items().iter().enumerate() {
                write!(out, "<Item number=\"{}\">", item + 1)?;
                path.push(Step {
                    sequence: element.header().tag,
                    item,
                });
                write_object(out, object, path, links)?;
                path.pop();
                out.write_all(b"</Item>")?;
            }
            Ok(())
        }
        Value::PixelSequence(_) => Ok(()),
        Value::Primitive(value) => match form(element.vr()) {
            Form::Binary => {
                let bytes = little_endian(value);
                if bytes.is_empty() {
                    return Ok(());
                }
                write!(
                    out,
                    "<InlineBinary>{}</InlineBinary>",
                    STANDARD.encode(bytes)
                )
            }
            Form::Name => write_names(out, &texts(element)),
            Form::Tag | Form::Number => write_values(out, &literals(value)),
            Form::Text | Form::NumberText => write_values(out, &texts(element)),
            Form::Items => Ok(()),
        },
    }
}

/// Values with their numbers from 1; an empty one among several is left out, its number shows it.
fn write_values(out: &mut impl Write, values: &[impl AsRef<str>]) -> io::Result<()> {
    let last = values.len();
    for (index, value) in (1..).zip(values) {
        let value = value.as_ref();
        if !value.is_empty() || index == last {
            write!(out, "<Value number=\"{index}\">{}</Value>", escaped(value))?;
        }
    }
    Ok(())
}

fn write_names(out: &mut impl Write, names: &[Cow<'_, str>]) -> io::Result<()> {
    for (index, name) in (1..).zip(names) {
        write!(out, "<PersonName number=\"{index}\">")?;
        for (group, text) in GROUPS
            .iter()
            .zip(name.split('='))
            .filter(|(_, text)| !text.is_empty())
        {
            write!(out, "<{group}>")?;
            // What follows a fourth caret belongs to the fifth component: nothing is lost.
            for (component, text) in COMPONENTS.iter().zip(text.splitn(5, '^')) {
                if !text.is_empty() {
                    write!(out, "<{component}>{}</{component}>", escaped(text))?;
                }
            }
            write!(out, "</{group}>")?;
        }
        out.write_all(b"</PersonName>")?;
    }
    Ok(())
}

fn literals(value: &PrimitiveValue) -> Vec<String> {
    match value {
        PrimitiveValue::Tags(tags) => tags
            .iter()
            .map(|Tag(group, element)| format!("{group:04X}{element:04X}"))
            .collect(),
        PrimitiveValue::F32(values) => values.iter().map(f32::to_string).collect(),
        PrimitiveValue::F64(values) => values.iter().map(f64::to_string).collect(),
        PrimitiveValue::Empty => Vec::new(),
        other => other
            .to_multi_str()
            .iter()
            .map(|text| text.trim().to_owned())
            .collect(),
    }
}

/// The text with everything replaced that XML 1.0 reads otherwise or not at all.
fn escaped(text: &str) -> Cow<'_, str> {
    let special = |c: char| {
        matches!(
            c,
            '<' | '>' | '&' | '"' | '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}'
        )
    };
    if !text.contains(special) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            // Readers make one LF of every bare line break, and blanks of those in attributes.
            '\r' => escaped.push_str("&#13;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped.into()
}
