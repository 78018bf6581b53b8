//! The same data set in another encoding, values as they are written.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use dicom_core::{Tag, VR};

use super::walk::{Syntax, Visit, walk};
use super::{Bulk, Element, Encoding, Layout, ScanError, is_pixel_data, source_of};

/// A piece of a data set that is written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Bytes that are ready.
    Bytes(Vec<u8>),
    /// Here the value of this element goes, which lies in one piece; its header is among the bytes before. Its numbers are to be
    /// turned around, in units of [`number_size`], where one of the two encodings is big endian and the other is not.
    Value(Element),
    /// Here the data set's pixel data goes, header and all: see [`element_head`].
    Pixels(Element),
}

/// Writes a data set anew in another encoding (PS3.5 annex A), in pieces: memory is what the values that are not bulk take. What is to be
/// deflated comes as it is before that.
///
/// Values are copied byte for byte (text stays in its character set), only numbers are turned around between little and big endian. Sequences
/// and items get undefined length, group lengths are left out. Elements of the data set itself that are in `replace` get the value given there (in
/// little endian) if they are present, or are left out where that is `None`.
///
/// # Errors
/// As [`scan`](super::scan).
pub fn recode(
    mut reader: impl Read + Seek,
    layout: &Layout,
    to: Encoding,
    replace: &BTreeMap<Tag, Option<Vec<u8>>>,
) -> Result<Vec<Piece>, ScanError> {
    let mut source = source_of(&mut reader, layout)?;
    let from = layout.encoding.syntax();
    let mut rewrite = Rewrite {
        from,
        to: to.syntax(),
        replace,
        ready: Vec::new(),
        pieces: Vec::new(),
        signed: false,
        depth: 0,
    };
    walk(&mut source, from, &layout.limits, &mut rewrite)?;
    rewrite.flush();
    Ok(rewrite.pieces)
}

/// Tag, VR and length of an element (PS3.5 7.1). A value that is too long for the short form of its VR goes out as UN (6.2.2).
pub fn element_head(to: Encoding, tag: Tag, vr: VR, length: u32) -> Vec<u8> {
    let mut head = Vec::with_capacity(12);
    put_head(&mut head, to.syntax(), tag, vr, length);
    head
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
    from: Syntax,
    to: Syntax,
    replace: &'a BTreeMap<Tag, Option<Vec<u8>>>,
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

    fn head(&mut self, tag: Tag, vr: VR, length: u32) {
        put_head(&mut self.ready, self.to, tag, vr, length);
    }

    /// What stands for the value of an element of the data set itself, if anything does.
    fn replacement(&self, tag: Tag) -> Option<&Option<Vec<u8>>> {
        self.replace.get(&tag).filter(|_| self.depth == 0)
    }
}

impl Visit for Rewrite<'_> {
    fn wants(&self, tag: Tag, _nested: bool) -> bool {
        tag.1 != 0
    }

    fn value(&mut self, tag: Tag, vr: VR, mut bytes: Vec<u8>) {
        let vr = super::object::actual_vr(self.from, self.signed, tag, vr);
        let mut is_big = self.from.big;
        if tag == dicom_dictionary_std::tags::PIXEL_REPRESENTATION && self.depth == 0 {
            let low = if is_big { bytes.last() } else { bytes.first() };
            self.signed = low == Some(&1);
        }
        match self.replacement(tag) {
            None => {}
            Some(None) => return,
            Some(Some(other)) => {
                bytes.clone_from(other);
                is_big = false;
            }
        }
        if is_big != self.to.big {
            turn(&mut bytes, vr);
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
        if self.replacement(element.tag).is_some() {
            return;
        }
        let length = (range.end - range.start) as u32;
        let vr = element.vr;
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
        put_tag(&mut self.ready, self.to, Tag(0xFFFE, 0xE000));
        self.ready.extend(u32::MAX.to_le_bytes());
    }

    fn close_item(&mut self) {
        put_tag(&mut self.ready, self.to, Tag(0xFFFE, 0xE00D));
        self.ready.extend([0; 4]);
    }

    fn close_sequence(&mut self) {
        self.depth -= 1;
        put_tag(&mut self.ready, self.to, Tag(0xFFFE, 0xE0DD));
        self.ready.extend([0; 4]);
    }
}

/// Turns the numbers of a value around, between little and big endian. What is left over at the end stays.
pub fn turn(bytes: &mut [u8], vr: VR) {
    let size = number_size(vr);
    if size > 1 {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}

fn put_tag(out: &mut Vec<u8>, to: Syntax, tag: Tag) {
    for half in [tag.0, tag.1] {
        out.extend(if to.big {
            half.to_be_bytes()
        } else {
            half.to_le_bytes()
        });
    }
}

fn put_head(out: &mut Vec<u8>, to: Syntax, tag: Tag, vr: VR, length: u32) {
    let (short, long) = if to.big {
        ((length as u16).to_be_bytes(), length.to_be_bytes())
    } else {
        ((length as u16).to_le_bytes(), length.to_le_bytes())
    };
    put_tag(out, to, tag);
    if to.implicit {
        out.extend(long);
        return;
    }
    let vr = if has_long_form(vr) || length <= 0xFFFE {
        vr
    } else {
        VR::UN
    };
    out.extend(vr.to_string().as_bytes());
    if has_long_form(vr) {
        out.extend([0, 0]);
        out.extend(long);
    } else {
        out.extend(short);
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
