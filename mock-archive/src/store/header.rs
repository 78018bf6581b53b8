//! An instance's header, packed: what a million instances keep in memory.
//!
//! An object of a data set takes some ten times the room of its values. Here elements stand one behind the other, sorted by tag, each with tag, VR, form, length
//! and value; the instances of a series keep only what differs from the first of them.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use dicom_core::header::Header as _;
use dicom_core::value::{C, DataSetSequence};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

/// A header that takes more than this when packed stays an object: it is one of many frames, and unpacking it for each of them would cost more than it saves.
const WHOLE: usize = 32 * 1024;

/// All attributes of an instance but the bulk ones.
#[derive(Debug)]
pub(super) enum Header {
    /// As an object.
    Whole(Box<InMemDicomObject>),
    /// As bytes.
    Packed {
        /// All of it, or what is different from `base`.
        own: Arc<[u8]>,
        /// Elements of another instance of the series.
        base: Option<Arc<[u8]>>,
    },
}

impl Header {
    /// Packs an object.
    pub(super) fn new(object: InMemDicomObject) -> Self {
        let mut own = Vec::new();
        pack(&object, &mut own);
        if own.len() > WHOLE {
            return Self::Whole(Box::new(object));
        }
        Self::Packed {
            own: own.into(),
            base: None,
        }
    }

    /// The whole object.
    pub(super) fn object(&self) -> Cow<'_, InMemDicomObject> {
        match self {
            Self::Whole(object) => Cow::Borrowed(object),
            Self::Packed { own, base } => {
                let shared = Elements(base.as_deref().unwrap_or_default());
                let shared = shared.filter(|element| find(own, element.tag).is_none());
                let own = Elements(own).filter(|element| element.form != Form::GONE);
                Cow::Owned(object(shared.chain(own)))
            }
        }
    }

    /// One attribute.
    pub(super) fn element(&self, tag: Tag) -> Option<InMemElement> {
        match self {
            Self::Whole(object) => object.get(tag).cloned(),
            Self::Packed { own, base } => {
                let found = find(own, tag).or_else(|| find(base.as_deref()?, tag))?;
                (found.form != Form::GONE).then(|| found.unpacked())
            }
        }
    }

    /// Keeps only what is different from another header, if that is much less.
    pub(super) fn share(&mut self, first: &Self) {
        let (
            Self::Packed { own, base: None },
            Self::Packed {
                own: first,
                base: base_of_first,
            },
        ) = (&*self, first)
        else {
            return;
        };
        let base = base_of_first.as_ref().unwrap_or(first);
        let different = difference(own, base);
        if different.len() < own.len() / 4 * 3 {
            *self = Self::Packed {
                own: different.into(),
                base: Some(base.clone()),
            };
        }
    }
}

/// What a value is made of.
struct Form;

impl Form {
    const EMPTY: u8 = 0;
    const TEXT: u8 = 1;
    const TEXTS: u8 = 2;
    const U8: u8 = 3;
    const U16: u8 = 4;
    const I16: u8 = 5;
    const U32: u8 = 6;
    const I32: u8 = 7;
    const U64: u8 = 8;
    const I64: u8 = 9;
    const F32: u8 = 10;
    const F64: u8 = 11;
    const TAGS: u8 = 12;
    const ITEMS: u8 = 13;
    /// It is in the base and not in this header.
    const GONE: u8 = 14;
}

/// Bytes before an element's value: tag, VR, form, length.
const HEAD: usize = 4 + 2 + 1 + 4;

fn pack(object: &InMemDicomObject, into: &mut Vec<u8>) {
    for element in object {
        let tag = element.tag();
        into.extend_from_slice(&tag.0.to_le_bytes());
        into.extend_from_slice(&tag.1.to_le_bytes());
        into.extend_from_slice(&element.vr().to_bytes());
        let form = into.len();
        into.extend_from_slice(&[Form::EMPTY, 0, 0, 0, 0]);
        let begin = into.len();
        into[form] = match (element.items(), element.value().primitive()) {
            (Some(items), _) => pack_items(items, into),
            (None, Some(value)) => pack_value(value, into),
            (None, None) => Form::EMPTY,
        };
        let length = (into.len() - begin) as u32;
        into[form + 1..begin].copy_from_slice(&length.to_le_bytes());
    }
}

/// Recursion is bounded by the depth that a scan allows.
fn pack_items(items: &[InMemDicomObject], into: &mut Vec<u8>) -> u8 {
    for item in items {
        let at = into.len();
        into.extend_from_slice(&[0; 4]);
        pack(item, into);
        let length = (into.len() - at - 4) as u32;
        into[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
    Form::ITEMS
}

fn pack_value(value: &PrimitiveValue, into: &mut Vec<u8>) -> u8 {
    macro_rules! numbers {
        ($form:expr, $values:expr) => {{
            for value in $values {
                into.extend_from_slice(&value.to_le_bytes());
            }
            $form
        }};
    }
    match value {
        PrimitiveValue::Empty => Form::EMPTY,
        PrimitiveValue::Str(text) => {
            into.extend_from_slice(text.as_bytes());
            Form::TEXT
        }
        // Values of one element were parted at backslashes: none has one inside.
        PrimitiveValue::Strs(texts) => {
            for (number, text) in texts.iter().enumerate() {
                if number > 0 {
                    into.push(b'\\');
                }
                into.extend_from_slice(text.as_bytes());
            }
            Form::TEXTS
        }
        PrimitiveValue::U8(bytes) => {
            into.extend_from_slice(bytes);
            Form::U8
        }
        PrimitiveValue::U16(values) => numbers!(Form::U16, values),
        PrimitiveValue::I16(values) => numbers!(Form::I16, values),
        PrimitiveValue::U32(values) => numbers!(Form::U32, values),
        PrimitiveValue::I32(values) => numbers!(Form::I32, values),
        PrimitiveValue::U64(values) => numbers!(Form::U64, values),
        PrimitiveValue::I64(values) => numbers!(Form::I64, values),
        PrimitiveValue::F32(values) => numbers!(Form::F32, values),
        PrimitiveValue::F64(values) => numbers!(Form::F64, values),
        PrimitiveValue::Tags(tags) => {
            for tag in tags {
                into.extend_from_slice(&tag.0.to_le_bytes());
                into.extend_from_slice(&tag.1.to_le_bytes());
            }
            Form::TAGS
        }
        // A reader makes texts of these.
        PrimitiveValue::Date(_) | PrimitiveValue::DateTime(_) | PrimitiveValue::Time(_) => {
            into.extend_from_slice(value.to_str().as_bytes());
            Form::TEXTS
        }
    }
}

/// An object is told of its character set by `put` only.
fn object<'a>(elements: impl Iterator<Item = Packed<'a>>) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    for element in elements {
        object.put(element.unpacked());
    }
    object
}

/// An element among others.
struct Packed<'a> {
    tag: Tag,
    vr: VR,
    form: u8,
    value: &'a [u8],
    /// All its bytes.
    bytes: &'a [u8],
}

impl Packed<'_> {
    /// Recursion is bounded as when it was packed.
    fn unpacked(&self) -> InMemElement {
        if self.form == Form::ITEMS {
            let mut items = C::new();
            let mut rest = self.value;
            while let Some((length, behind)) = rest.split_first_chunk() {
                let (item, behind) = behind.split_at(u32::from_le_bytes(*length) as usize);
                items.push(object(Elements(item)));
                rest = behind;
            }
            let items = DataSetSequence::new(items, Length::UNDEFINED);
            return DataElement::new(self.tag, VR::SQ, items);
        }
        DataElement::new(self.tag, self.vr, self.primitive())
    }

    fn primitive(&self) -> PrimitiveValue {
        macro_rules! numbers {
            ($form:ident, $number:ty) => {
                PrimitiveValue::$form(
                    self.value
                        .as_chunks()
                        .0
                        .iter()
                        .map(|bytes| <$number>::from_le_bytes(*bytes))
                        .collect(),
                )
            };
        }
        let text = || String::from_utf8_lossy(self.value);
        match self.form {
            Form::TEXT => PrimitiveValue::Str(text().into_owned()),
            Form::TEXTS => PrimitiveValue::Strs(text().split('\\').map(str::to_owned).collect()),
            Form::U8 => PrimitiveValue::U8(self.value.into()),
            Form::U16 => numbers!(U16, u16),
            Form::I16 => numbers!(I16, i16),
            Form::U32 => numbers!(U32, u32),
            Form::I32 => numbers!(I32, i32),
            Form::U64 => numbers!(U64, u64),
            Form::I64 => numbers!(I64, i64),
            Form::F32 => numbers!(F32, f32),
            Form::F64 => numbers!(F64, f64),
            Form::TAGS => {
                let tag = |bytes: &[u8; 4]| {
                    let [a, b, c, d] = *bytes;
                    Tag(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d]))
                };
                PrimitiveValue::Tags(self.value.as_chunks().0.iter().map(tag).collect())
            }
            _ => PrimitiveValue::Empty,
        }
    }
}

/// The elements of packed bytes, in the order of their tags.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Packed<'a>;

    fn next(&mut self) -> Option<Packed<'a>> {
        let [g1, g2, e1, e2, v1, v2, form, l1, l2, l3, l4] = *self.0.first_chunk::<HEAD>()?;
        let end = HEAD + u32::from_le_bytes([l1, l2, l3, l4]) as usize;
        let (bytes, rest) = self.0.split_at_checked(end)?;
        self.0 = rest;
        Some(Packed {
            tag: Tag(u16::from_le_bytes([g1, g2]), u16::from_le_bytes([e1, e2])),
            vr: VR::from_binary([v1, v2]).unwrap_or(VR::UN),
            form,
            value: &bytes[HEAD..],
            bytes,
        })
    }
}

fn find(packed: &[u8], tag: Tag) -> Option<Packed<'_>> {
    Elements(packed)
        .take_while(|element| element.tag <= tag)
        .find(|element| element.tag == tag)
}

/// The elements that are other than in `base`, and marks for those that are only there.
fn difference(own: &[u8], base: &[u8]) -> Vec<u8> {
    let mut different = Vec::new();
    let (mut own, mut base) = (Elements(own).peekable(), Elements(base).peekable());
    loop {
        let order = match (own.peek(), base.peek()) {
            (None, None) => return different,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(mine), Some(other)) => mine.tag.cmp(&other.tag),
        };
        let mine = own.next_if(|_| order.is_le());
        let other = base.next_if(|_| order.is_ge());
        match (mine, other) {
            (Some(mine), Some(other)) if mine.bytes == other.bytes => {}
            (Some(mine), _) => different.extend_from_slice(mine.bytes),
            (None, other) => {
                different.extend(other.iter().flat_map(|other| &other.bytes[..6]));
                different.extend_from_slice(&[Form::GONE, 0, 0, 0, 0]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use dicom_fixtures::{ct, real, report_narrative};
    use dicom_wire::part10::{self, Limits};

    use super::*;

    fn headers() -> Vec<InMemDicomObject> {
        let (made, report) = (ct("chest").slices(3), report_narrative());
        let made = made.instances().iter().chain(report.instances());
        let made = made.map(|one| one.bytes.to_vec());
        let published = real::all().iter().map(|one| one.bytes.to_vec());
        let read = |bytes: Vec<u8>| {
            let layout = part10::scan(Cursor::new(&bytes), &Limits::default()).ok()?;
            part10::header(Cursor::new(&bytes), &layout).ok()
        };
        made.chain(published).filter_map(read).collect()
    }

    /// Compared as text: sequences of undefined length are never equal.
    fn same(one: &dyn std::fmt::Debug, other: &dyn std::fmt::Debug) -> bool {
        format!("{one:?}") == format!("{other:?}")
    }

    #[test]
    fn what_was_packed_comes_back_as_it_was() {
        let headers = headers();
        assert!(headers.len() > 4);
        for object in headers {
            let mut packed = Vec::new();
            pack(&object, &mut packed);
            let header = Header::Packed {
                own: packed.into(),
                base: None,
            };
            assert!(same(&*header.object(), &object));
            for element in &object {
                assert!(same(&header.element(element.tag()), &Some(element)));
            }
        }
    }

    #[test]
    fn a_header_that_shares_with_any_other_still_says_the_same() {
        let headers = headers();
        for first in headers.iter().take(5) {
            for object in &headers {
                let mut pair = [first, object].map(|object| {
                    let mut packed = Vec::new();
                    pack(object, &mut packed);
                    Arc::<[u8]>::from(packed)
                });
                pair[1] = difference(&pair[1], &pair[0]).into();
                let [base, own] = pair;
                let header = Header::Packed {
                    own,
                    base: Some(base),
                };
                assert!(same(&*header.object(), object));
                for element in first {
                    let tag = element.tag();
                    assert!(same(&header.element(tag), &object.get(tag)), "{tag}");
                }
            }
        }
    }

    #[test]
    fn slices_of_a_series_keep_little_of_their_own() {
        let headers = headers();
        let first = Header::new(headers[0].clone());
        let mut second = Header::new(headers[1].clone());
        let before = size(&second);
        second.share(&first);
        assert!(size(&second) * 2 < before, "{} of {before}", size(&second));
    }

    fn size(header: &Header) -> usize {
        match header {
            Header::Packed { own, .. } => own.len(),
            Header::Whole(_) => usize::MAX,
        }
    }
}
