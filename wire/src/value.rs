//! What an element's value is made of, the way the JSON and the XML model both want it.

use std::borrow::Cow;

use dicom_core::value::{PrimitiveValue, Value};
use dicom_core::{Tag, VR};
use dicom_object::mem::InMemElement;

/// The forms in which the two models write values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Texts.
    Text,
    /// Numbers.
    Number,
    /// Numbers that the data set holds as texts: DS and IS.
    NumberText,
    /// Person names.
    Name,
    /// Attribute tags.
    Tag,
    /// Bytes without a form.
    Binary,
    /// Items.
    Items,
}

pub(crate) fn form(vr: VR) -> Form {
    match vr {
        VR::PN => Form::Name,
        VR::AT => Form::Tag,
        VR::SQ => Form::Items,
        VR::DS | VR::IS => Form::NumberText,
        VR::FL | VR::FD | VR::SL | VR::SS | VR::SV | VR::UL | VR::US | VR::UV => Form::Number,
        VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW | VR::UN => Form::Binary,
        _ => Form::Text,
    }
}

/// Whether a value of this VR may be given by a link (PS3.18 10.4.3.3.2).
pub(crate) fn may_be_linked(vr: VR) -> bool {
    form(vr) == Form::Binary
        || form(vr) == Form::Number
        || matches!(vr, VR::DS | VR::IS | VR::LT | VR::ST | VR::UC | VR::UT)
}

/// The VR to write: what holds items is a sequence, also where it came as UN (PS3.5 6.2.2).
pub(crate) fn written_vr(element: &InMemElement) -> VR {
    match element.value() {
        Value::Sequence(_) => VR::SQ,
        _ => element.vr(),
    }
}

/// Whether the two models leave the element out: group lengths (PS3.18 F.2.2).
pub(crate) fn is_left_out(tag: Tag) -> bool {
    tag.element() == 0
}

/// The values as texts without padding; empty when the element is. Specific Character Set is said
/// to be UTF-8, because that is what the models are written in (PS3.18 F.2).
pub(crate) fn texts(element: &InMemElement) -> Vec<Cow<'_, str>> {
    let Value::Primitive(value) = element.value() else {
        return Vec::new();
    };
    let vr = element.vr();
    let values: Vec<Cow<'_, str>> = match value {
        PrimitiveValue::Empty => Vec::new(),
        PrimitiveValue::Str(text) => split(vr, text)
            .map(|text| trimmed(vr, text).into())
            .collect(),
        PrimitiveValue::Strs(texts) if is_single(vr) => {
            vec![trimmed(vr, &texts.join("\\")).to_owned().into()]
        }
        PrimitiveValue::Strs(texts) => texts.iter().map(|text| trimmed(vr, text).into()).collect(),
        other => other
            .to_multi_str()
            .iter()
            .map(|text| text.clone().into())
            .collect(),
    };
    if values.iter().all(|text| text.is_empty()) && values.len() < 2 {
        return Vec::new();
    }
    if element.header().tag == Tag(0x0008, 0x0005) {
        return vec!["ISO_IR 192".into()];
    }
    values
}

/// The bytes in little endian, as the models want them (PS3.18 F.2.7).
pub(crate) fn little_endian(value: &PrimitiveValue) -> Cow<'_, [u8]> {
    fn joined<T: Copy, const N: usize>(
        values: &[T],
        bytes: fn(T) -> [u8; N],
    ) -> Cow<'static, [u8]> {
        values
            .iter()
            .flat_map(|value| bytes(*value))
            .collect::<Vec<u8>>()
            .into()
    }
    match value {
        PrimitiveValue::U8(values) => values.as_slice().into(),
        PrimitiveValue::I16(values) => joined(values, i16::to_le_bytes),
        PrimitiveValue::U16(values) => joined(values, u16::to_le_bytes),
        PrimitiveValue::I32(values) => joined(values, i32::to_le_bytes),
        PrimitiveValue::U32(values) => joined(values, u32::to_le_bytes),
        PrimitiveValue::I64(values) => joined(values, i64::to_le_bytes),
        PrimitiveValue::U64(values) => joined(values, u64::to_le_bytes),
        PrimitiveValue::F32(values) => joined(values, f32::to_le_bytes),
        PrimitiveValue::F64(values) => joined(values, f64::to_le_bytes),
        PrimitiveValue::Tags(values) => values
            .iter()
            .flat_map(|tag| [tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat())
            .collect::<Vec<u8>>()
            .into(),
        other => other.to_bytes().into_owned().into(),
    }
}

/// A value of a binary VR from its little-endian bytes.
pub(crate) fn from_little_endian(vr: VR, bytes: Vec<u8>) -> PrimitiveValue {
    fn cut<T, const N: usize>(bytes: &[u8], read: fn([u8; N]) -> T) -> dicom_core::value::C<T> {
        bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|chunk| read(*chunk))
            .collect()
    }
    match vr {
        _ if bytes.is_empty() => PrimitiveValue::Empty,
        VR::OW if bytes.len().is_multiple_of(2) => {
            PrimitiveValue::U16(cut(&bytes, u16::from_le_bytes))
        }
        VR::OL if bytes.len().is_multiple_of(4) => {
            PrimitiveValue::U32(cut(&bytes, u32::from_le_bytes))
        }
        VR::OV if bytes.len().is_multiple_of(8) => {
            PrimitiveValue::U64(cut(&bytes, u64::from_le_bytes))
        }
        VR::OF if bytes.len().is_multiple_of(4) => {
            PrimitiveValue::F32(cut(&bytes, f32::from_le_bytes))
        }
        VR::OD if bytes.len().is_multiple_of(8) => {
            PrimitiveValue::F64(cut(&bytes, f64::from_le_bytes))
        }
        _ => PrimitiveValue::U8(bytes.into()),
    }
}

/// Whether a backslash is part of the value (PS3.5 6.2).
fn is_single(vr: VR) -> bool {
    matches!(vr, VR::LT | VR::ST | VR::UT | VR::UR)
}

fn split(vr: VR, text: &str) -> impl Iterator<Item = &str> {
    let single = is_single(vr).then_some(text);
    let several = single.is_none().then(|| text.split('\\'));
    single.into_iter().chain(several.into_iter().flatten())
}

fn trimmed(vr: VR, text: &str) -> &str {
    let text = text.trim_end_matches([' ', '\0']);
    match vr {
        VR::AE | VR::CS | VR::DS | VR::IS | VR::UI => text.trim_start_matches(' '),
        _ => text,
    }
}
