//! Builds an object while walking, without recursion.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::value::{C, DataSetSequence};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::InMemDicomObject;

use super::walk::{Syntax, Visit, long, short};
use super::{Element, ScanError};
use crate::charset::Charset;

/// The data sets that are open, outermost first, and the sequences between them.
pub(super) struct Builder {
    syntax: Syntax,
    open: Vec<(InMemDicomObject, Charset)>,
    sequences: Vec<(Tag, C<InMemDicomObject>)>,
    signed: bool,
}

impl Builder {
    pub(super) fn new(syntax: Syntax) -> Builder {
        let outermost = (InMemDicomObject::new_empty(), Charset::DEFAULT);
        Builder {
            syntax,
            open: vec![outermost],
            sequences: Vec::new(),
            signed: false,
        }
    }

    /// The data set, once the walk has ended.
    pub(super) fn finish(mut self) -> Result<InMemDicomObject, ScanError> {
        let outermost = self.open.drain(..).next();
        outermost
            .map(|(object, _)| object)
            .ok_or(ScanError::NotDicom)
    }
}

impl Visit for Builder {
    fn wants(&self, tag: Tag, _nested: bool) -> bool {
        // Group lengths say nothing about what is left without bulk (PS3.5 7.2).
        tag.1 != 0
    }

    fn value(&mut self, tag: Tag, vr: VR, bytes: Vec<u8>) {
        let vr = actual_vr(self.syntax, self.signed, tag, vr);
        let Some((_, charset)) = self.open.last_mut() else {
            return;
        };
        let value = primitive(vr, &bytes, self.syntax.big, charset);
        if tag == tags::SPECIFIC_CHARACTER_SET {
            *charset = Charset::from_terms(&value.to_multi_str());
        }
        if tag == tags::PIXEL_REPRESENTATION && self.sequences.is_empty() {
            self.signed = value.to_int::<u16>().is_ok_and(|n| n == 1);
        }
        let Some((object, _)) = self.open.last_mut() else {
            return;
        };
        object.put(DataElement::new(tag, vr, value));
    }

    fn bulk(&mut self, element: Element) {
        if let Some((object, _)) = self.open.last_mut() {
            object.put(DataElement::new(
                element.tag,
                element.vr,
                PrimitiveValue::Empty,
            ));
        }
    }

    fn open_sequence(&mut self, tag: Tag) {
        self.sequences.push((tag, C::new()));
    }

    fn open_item(&mut self) {
        let charset = self
            .open
            .last()
            .map_or(Charset::DEFAULT, |(_, charset)| charset.clone());
        self.open.push((InMemDicomObject::new_empty(), charset));
    }

    fn close_item(&mut self) {
        if let (Some((item, _)), Some((_, items))) = (self.open.pop(), self.sequences.last_mut()) {
            items.push(item);
        }
    }

    fn close_sequence(&mut self) {
        if let (Some((tag, items)), Some((object, _))) =
            (self.sequences.pop(), self.open.last_mut())
        {
            let sequence = DataSetSequence::new(items, Length::UNDEFINED);
            object.put(DataElement::new(tag, VR::SQ, sequence));
        }
    }
}

/// In implicit VR, US or SS depends on Pixel Representation (PS3.5 annex A.1).
pub(super) fn actual_vr(syntax: Syntax, signed: bool, tag: Tag, vr: VR) -> VR {
    if vr != VR::US || !signed {
        return vr;
    }
    let virtual_vr = StandardDataDictionary.by_tag(tag).map(|entry| entry.vr());
    if virtual_vr == Some(VirtualVr::Xs) && syntax.implicit {
        VR::SS
    } else {
        vr
    }
}

/// The value of an element from its bytes. A last part that is too short is left out.
fn primitive(vr: VR, bytes: &[u8], big: bool, charset: &Charset) -> PrimitiveValue {
    if bytes.is_empty() {
        return PrimitiveValue::Empty;
    }
    let eight = |b: &[u8]| -> [u8; 8] {
        let mut eight = [0; 8];
        eight.copy_from_slice(b);
        if big {
            eight.reverse();
        }
        eight
    };
    let pairs = || bytes.chunks_exact(2).map(|b| short(b, big));
    let fours = || bytes.chunks_exact(4).map(|b| long(b, big));
    let eights = || bytes.chunks_exact(8).map(eight);
    match vr {
        VR::US | VR::OW => PrimitiveValue::U16(pairs().collect()),
        VR::SS => PrimitiveValue::I16(pairs().map(|n| n as i16).collect()),
        VR::UL | VR::OL => PrimitiveValue::U32(fours().collect()),
        VR::SL => PrimitiveValue::I32(fours().map(|n| n as i32).collect()),
        VR::FL | VR::OF => PrimitiveValue::F32(fours().map(f32::from_bits).collect()),
        VR::UV | VR::OV => PrimitiveValue::U64(eights().map(u64::from_le_bytes).collect()),
        VR::SV => PrimitiveValue::I64(eights().map(i64::from_le_bytes).collect()),
        VR::FD | VR::OD => PrimitiveValue::F64(eights().map(f64::from_le_bytes).collect()),
        VR::AT => {
            let tag = |b: &[u8]| Tag(short(&b[..2], big), short(&b[2..], big));
            PrimitiveValue::Tags(bytes.chunks_exact(4).map(tag).collect())
        }
        VR::OB | VR::UN | VR::SQ => PrimitiveValue::U8(bytes.into()),
        VR::LT | VR::ST | VR::UT => text(charset.decode(vr, bytes)),
        VR::UR => text(Charset::DEFAULT.decode(vr, bytes)),
        VR::LO | VR::PN | VR::SH | VR::UC => texts(&charset.decode(vr, bytes)),
        VR::AE | VR::AS | VR::CS | VR::DA | VR::DS | VR::DT | VR::IS | VR::TM | VR::UI => {
            texts(&Charset::DEFAULT.decode(vr, bytes))
        }
    }
}

const PADDING: [char; 2] = [' ', '\0'];

fn text(value: String) -> PrimitiveValue {
    PrimitiveValue::Str(value.trim_end_matches(PADDING).to_owned())
}

fn texts(values: &str) -> PrimitiveValue {
    let values = values.trim_end_matches(PADDING).split('\\');
    PrimitiveValue::Strs(values.map(str::to_owned).collect())
}
