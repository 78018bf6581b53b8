//! Data set to JSON.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use dicom_core::value::{PrimitiveValue, Value};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use crate::part10::Step;
use crate::value::{Form, form, is_left_out, little_endian, may_be_linked, texts, written_vr};

/// Gives the address where an element's value can be had, or `None` to write the value itself.
/// Asked with the items that the element lies in, and only for VRs that may be linked.
pub type Links<'a> = &'a dyn Fn(&[Step], &InMemElement) -> Option<String>;

/// Links nothing: every value is written inline.
pub fn inline(_: &[Step], _: &InMemElement) -> Option<String> {
    None
}

/// Writes a data set as one JSON object, without line breaks.
///
/// Keys are upper case and ascending, group lengths left out, texts in UTF-8 without padding; DS
/// and IS are numbers where they read as such. Compressed pixel data has no inline form: without a
/// link it is written without a value. Errors are those of `out`.
pub fn write(out: &mut impl Write, object: &InMemDicomObject, links: Links<'_>) -> io::Result<()> {
    write_object(out, object, &mut Vec::new(), links)
}

/// [`write()`] into memory.
pub fn to_vec(object: &InMemDicomObject, links: Links<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, object, links).expect("a Vec takes every byte");
    bytes
}

/// [`write()`] as a value.
pub fn to_value(object: &InMemDicomObject, links: Links<'_>) -> serde_json::Value {
    let bytes = to_vec(object, links);
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    // The object itself is nested this deeply, and was walked to write the bytes.
    reader.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut reader).expect("what was written is JSON")
}

fn write_object(
    out: &mut impl Write,
    object: &InMemDicomObject,
    path: &mut Vec<Step>,
    links: Links<'_>,
) -> io::Result<()> {
    out.write_all(b"{")?;
    let mut separator: &[u8] = b"";
    for element in object
        .iter()
        .filter(|element| !is_left_out(element.header().tag))
    {
        let tag = element.header().tag;
        out.write_all(std::mem::replace(&mut separator, b","))?;
        write!(
            out,
            "\"{:04X}{:04X}\":{{\"vr\":\"{}\"",
            tag.group(),
            tag.element(),
            written_vr(element).to_string()
        )?;
        write_value(out, element, path, links)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"}")
}

fn write_value(
    out: &mut impl Write,
    element: &InMemElement,
    path: &mut Vec<Step>,
    links: Links<'_>,
) -> io::Result<()> {
    let vr = element.vr();
    match element.value() {
        Value::Sequence(sequence) => {
            let items = sequence.items();
            if items.is_empty() {
                return Ok(());
            }
            out.write_all(b",\"Value\":[")?;
            for (item, object) in items.iter().enumerate() {
                out.write_all(if item == 0 { b"" } else { b"," })?;
                path.push(Step {
                    sequence: element.header().tag,
                    item,
                });
                write_object(out, object, path, links)?;
                path.pop();
            }
            out.write_all(b"]")
        }
        Value::PixelSequence(_) => match links(path, element) {
            Some(uri) => write_link(out, &uri),
            None => Ok(()),
        },
        Value::Primitive(value) => {
            if may_be_linked(vr)
                && let Some(uri) = links(path, element)
            {
                return write_link(out, &uri);
            }
            match form(vr) {
                Form::Binary => write_binary(out, value),
                Form::Items => Ok(()),
                Form::Tag => write_list(out, tags(value), |out, tag| write_text(out, tag)),
                Form::Number => {
                    write_list(out, numbers(value), |out, number| write_number(out, number))
                }
                Form::NumberText => {
                    write_list(out, texts(element), |out, text| write_number(out, text))
                }
                Form::Name => write_list(out, texts(element), |out, name| write_name(out, name)),
                Form::Text => write_list(out, texts(element), |out, text| {
                    write_text_or_null(out, text)
                }),
            }
        }
    }
}

fn write_list<W: Write, T>(
    out: &mut W,
    values: Vec<T>,
    one: impl Fn(&mut W, &T) -> io::Result<()>,
) -> io::Result<()> {
    for (index, value) in values.iter().enumerate() {
        out.write_all(if index == 0 { b",\"Value\":[" } else { b"," })?;
        one(out, value)?;
    }
    out.write_all(if values.is_empty() { b"" } else { b"]" })
}

fn write_link(out: &mut impl Write, uri: &str) -> io::Result<()> {
    out.write_all(b",\"BulkDataURI\":")?;
    write_text(out, uri)
}

fn write_binary(out: &mut impl Write, value: &PrimitiveValue) -> io::Result<()> {
    let bytes = little_endian(value);
    if bytes.is_empty() {
        return Ok(());
    }
    out.write_all(b",\"InlineBinary\":\"")?;
    if bytes.len() < 4096 {
        out.write_all(STANDARD.encode(&bytes).as_bytes())?;
    } else {
        EncoderWriter::new(&mut *out, &STANDARD).write_all(&bytes)?;
    }
    out.write_all(b"\"")
}

fn write_text(out: &mut impl Write, text: impl AsRef<str>) -> io::Result<()> {
    serde_json::to_writer(out, text.as_ref()).map_err(io::Error::from)
}

fn write_text_or_null(out: &mut impl Write, text: impl AsRef<str>) -> io::Result<()> {
    match text.as_ref() {
        "" => out.write_all(b"null"),
        text => write_text(out, text),
    }
}

/// A number where the text reads as one, so that `1.50` stays `1.50`; else a string (PS3.18 F.2.3).
fn write_number(out: &mut impl Write, text: impl AsRef<str>) -> io::Result<()> {
    let text = text.as_ref();
    if text.is_empty() {
        return out.write_all(b"null");
    }
    if is_beyond_double(text) {
        return write_text(out, text);
    }
    if is_json_number(text) {
        return out.write_all(text.as_bytes());
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    if is_json_number(plain) {
        return out.write_all(plain.as_bytes());
    }
    // Leading zeros, a bare point: forms that PS3.5 allows and JSON does not.
    let decimal = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    match plain.parse::<f64>() {
        Ok(number)
            if decimal && number.is_finite() && number.abs() < 9e15 && number.fract() == 0.0 =>
        {
            write!(out, "{}", number as i64)
        }
        Ok(number) if decimal && number.is_finite() => write_float(out, number),
        _ => write_text(out, text),
    }
}

/// Three groups of a name (PS3.18 F.2.2); an absent name is null.
fn write_name(out: &mut impl Write, name: impl AsRef<str>) -> io::Result<()> {
    let groups = ["Alphabetic", "Ideographic", "Phonetic"]
        .iter()
        .zip(name.as_ref().split('='));
    let groups: Vec<_> = groups.filter(|(_, text)| !text.is_empty()).collect();
    if groups.is_empty() {
        return out.write_all(b"null");
    }
    for (index, (group, text)) in groups.iter().enumerate() {
        write!(out, "{}\"{group}\":", if index == 0 { "{" } else { "," })?;
        write_text(out, text)?;
    }
    out.write_all(b"}")
}

fn tags(value: &PrimitiveValue) -> Vec<String> {
    match value {
        PrimitiveValue::Tags(tags) => tags
            .iter()
            .map(|tag| format!("{:04X}{:04X}", tag.group(), tag.element()))
            .collect(),
        _ => Vec::new(),
    }
}

/// Binary numbers as JSON literals.
fn numbers(value: &PrimitiveValue) -> Vec<String> {
    match value {
        PrimitiveValue::Empty => Vec::new(),
        PrimitiveValue::U8(values) => values.iter().map(u8::to_string).collect(),
        PrimitiveValue::I16(values) => values.iter().map(i16::to_string).collect(),
        PrimitiveValue::U16(values) => values.iter().map(u16::to_string).collect(),
        PrimitiveValue::I32(values) => values.iter().map(i32::to_string).collect(),
        PrimitiveValue::U32(values) => values.iter().map(u32::to_string).collect(),
        PrimitiveValue::I64(values) => values.iter().map(i64::to_string).collect(),
        PrimitiveValue::U64(values) => values.iter().map(u64::to_string).collect(),
        PrimitiveValue::F32(values) => values.iter().map(|v| float(f64::from(*v))).collect(),
        PrimitiveValue::F64(values) => values.iter().map(|v| float(*v)).collect(),
        other => other
            .to_multi_str()
            .iter()
            .map(|text| text.trim().to_owned())
            .collect(),
    }
}

fn write_float(out: &mut impl Write, number: f64) -> io::Result<()> {
    out.write_all(float(number).as_bytes())
}

/// The shortest literal that gives the same double; what JSON cannot say becomes a word.
fn float(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "inf".to_owned(),
        f64::NEG_INFINITY => "-inf".to_owned(),
        _ => serde_json::Number::from_f64(number).map_or_else(|| "0".to_owned(), |n| n.to_string()),
    }
}

/// Whether the text is a whole number that a double may not hold exactly: SV and UV are written
/// as strings then, so that no reader rounds them.
fn is_beyond_double(text: &str) -> bool {
    text.parse::<i128>()
        .is_ok_and(|number| number.unsigned_abs() > 1 << 53)
}

fn is_json_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| {
            digits(text.strip_prefix(['+', '-']).unwrap_or(text)) && text.len() <= 4
        })
}
