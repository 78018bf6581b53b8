//! The same data set in Explicit VR Little Endian, values as they are written.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use dicom_core::{Tag, VR};

use super::source::Source;
use super::walk::{Syntax, Visit, walk};
use super::{Bulk, Element, Encoding, Layout, Limits, ScanError, is_pixel_data};

/// A piece of a data set in Explicit VR Little Endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that are ready.
    Bytes(Vec<u8>),
    /// Here the value of this element goes, which lies in one piece; its header is among the bytes before. Its numbers are to be
    /// turned around where [`number_size`] says so and the data set is big endian.
    Value(Element),
    /// Here the data set's pixel data goes, header and all.
    Pixels(Element),
}

/// Writes a data set anew in Explicit VR Little Endian (PS3.5 A.2), in pieces: memory is what the values that are not bulk take.
///
/// Values are copied byte for byte (text stays in its character set), only numbers of a big endian data set are turned around. Sequences and items get
/// undefined length, group lengths are left out. Elements of the data set itself that are in `replace` get the value given there, if they are present.
///
/// # Errors
/// As [`scan`](super::scan).
pub fn explicit(
    mut reader: impl Read + Seek,
    layout: &Layout,
    replace: &BTreeMap<Tag, Vec<u8>>,
) -> Result<Vec<Piece>, ScanError> {
    let limits = Limits::default();
    let syntax = layout.encoding.syntax();
    let range = &layout.data_set;
    let mut source = match layout.encoding {
        Encoding::Deflated => {
            Source::inflated(&mut reader, range.start, range.end, limits.inflated)?
        }
        _ => Source::plain(&mut reader, range.start, range.end)?,
    };
    let mut rewrite = Rewrite {
        syntax,
        replace,
        ready: Vec::new(),
        pieces: Vec::new(),
        signed: false,
        depth: 0,
    };
    walk(&mut source, syntax, &limits, &mut rewrite)?;
    rewrite.flush();
    Ok(rewrite.pieces)
}

/// How many bytes a number of this VR has (PS3.5 6.2): what is turned around between big and little endian. 1 where nothing is.
pub fn number_size(vr: VR) -> usize {
    match vr {
        VR::AT | VR::OW | VR::SS | VR::US => 2,
        VR::FL | VR::OF | VR::OL | VR::SL | VR::UL => 4,
        VR::FD | VR::OD | VR::OV | VR::SV | VR::UV => 8,
        _ => 1,
    }
}

struct Rewrite<'a> {
    syntax: Syntax,
    replace: &'a BTreeMap<Tag, Vec<u8>>,
    ready: Vec<u8>,
    pieces: Vec<Piece>,
    signed: bool,
    depth: usize,
}

impl Rewrite<'_> {
    fn flush(&mut self) {
        if !self.ready.is_empty() {
            self.pieces
                .push(Piece::Bytes(std::mem::take(&mut self.ready)));
        }
    }

    fn tag(&mut self, tag: Tag) {
        self.ready.extend(tag.0.to_le_bytes());
        self.ready.extend(tag.1.to_le_bytes());
    }

    /// Tag, VR and length; lengths are even where values are (PS3.5 7.1.1).
    fn head(&mut self, tag: Tag, vr: VR, length: u32) {
        self.tag(tag);
        // A value that is too long for the short form goes out as UN (PS3.5 6.2.2).
        let vr = if has_long_form(vr) || length <= 0xFFFE {
            vr
        } else {
            VR::UN
        };
        self.ready.extend(vr.to_string().as_bytes());
        if has_long_form(vr) {
            self.ready.extend([0, 0]);
            self.ready.extend(length.to_le_bytes());
        } else {
            self.ready.extend((length as u16).to_le_bytes());
        }
    }
}

impl Visit for Rewrite<'_> {
    fn wants(&self, tag: Tag, _nested: bool) -> bool {
        tag.1 != 0
    }

    fn value(&mut self, tag: Tag, vr: VR, mut bytes: Vec<u8>) {
        let vr = super::object::actual_vr(self.syntax, self.signed, tag, vr);
        if self.syntax.big {
            let size = number_size(vr);
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        if self.depth == 0 {
            if tag == dicom_dictionary_std::tags::PIXEL_REPRESENTATION {
                self.signed = bytes.first() == Some(&1);
            }
            if let Some(other) = self.replace.get(&tag) {
                bytes.clone_from(other);
            }
        }
        if bytes.len() % 2 == 1 {
            bytes.push(padding(vr));
        }
        self.head(tag, vr, bytes.len() as u32);
        self.ready.extend(bytes);
    }

    fn bulk(&mut self, element: Element) {
        if element.path.is_empty() && is_pixel_data(element.tag) {
            self.flush();
            self.pieces.push(Piece::Pixels(element));
            return;
        }
        // Fragments outside of pixel data are no value in native encoding (PS3.5 A.4); none are known to exist.
        let Bulk::Whole(range) = &element.value else {
            return;
        };
        let length = (range.end - range.start) as u32;
        let vr = if has_long_form(element.vr) {
            element.vr
        } else {
            VR::UN
        };
        self.head(element.tag, vr, length + length % 2);
        self.flush();
        self.pieces.push(Piece::Value(element));
        if length % 2 == 1 {
            self.ready.push(padding(vr));
        }
    }

    fn open_sequence(&mut self, tag: Tag) {
        self.depth += 1;
        self.head(tag, VR::SQ, u32::MAX);
    }

    fn open_item(&mut self) {
        self.tag(Tag(0xFFFE, 0xE000));
        self.ready.extend(u32::MAX.to_le_bytes());
    }

    fn close_item(&mut self) {
        self.tag(Tag(0xFFFE, 0xE00D));
        self.ready.extend([0; 4]);
    }

    fn close_sequence(&mut self) {
        self.depth -= 1;
        self.tag(Tag(0xFFFE, 0xE0DD));
        self.ready.extend([0; 4]);
    }
}

/// Whether the length has 32 bits (PS3.5 7.1.2).
pub(super) fn has_long_form(vr: VR) -> bool {
    matches!(
        vr,
        VR::OB
            | VR::OD
            | VR::OF
            | VR::OL
            | VR::OV
            | VR::OW
            | VR::SQ
            | VR::SV
            | VR::UC
            | VR::UN
            | VR::UR
            | VR::UT
            | VR::UV
    )
}

/// What fills a value up to even length (PS3.5 6.2).
pub(super) fn padding(vr: VR) -> u8 {
    match vr {
        VR::OB | VR::UI | VR::UN => 0,
        _ => b' ',
    }
}
