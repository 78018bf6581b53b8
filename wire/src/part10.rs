//! DICOM files and data sets, read without trust (PS3.10 7, PS3.5 7).
//!
//! [`scan`] makes one pass over the element headers, with a stack of its own instead of recursion
//! and a limit on everything that the bytes could claim; it reads neither pixels nor other big
//! values, and tells where they lie. [`header`] reads the rest into an object.

mod amend;
mod departures;
mod error;
mod frames;
mod meta;
mod object;
mod recode;
mod source;
mod start;
mod walk;

use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_object::InMemDicomObject;

use object::Builder;
use source::Source;
use walk::{Syntax, Visit, walk};

pub use amend::{Amendment, Patch, amend};
pub use departures::{Departure, Misencoding, departures};
pub use error::ScanError;
pub use frames::{FrameError, frame_bytes, frame_count};

pub use meta::{FileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};
pub use recode::{Piece, element_head, number_size, recode, turn};

/// What a scan may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Sequences inside sequences.
    pub depth: usize,
    /// Elements, items and fragments in all.
    pub elements: usize,
    /// A value longer than this many bytes is bulk: located, not read.
    pub inline: u64,
    /// Bytes of all values that are not bulk.
    pub header: u64,
    /// Bytes that a deflated data set may inflate to.
    pub inflated: u64,
}

/// How the data set's bytes are to be read (PS3.5 annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Implicit VR little endian.
    ImplicitLittle,
    /// Explicit VR little endian: everything that is none of the others.
    ExplicitLittle,
    /// Explicit VR big endian (retired).
    ExplicitBig,
    /// Explicit VR little endian in a raw deflate stream.
    Deflated,
}

/// Where everything in a Part 10 file lies.
///
/// Offsets count from the start of the file, except in a deflated data set, where they count
/// from the start of the inflated data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The file meta information; made up where the file has none.
    pub meta: FileMeta,
    /// How the data set is encoded.
    pub encoding: Encoding,
    /// The bytes of the data set in the file (the compressed ones when deflated).
    pub data_set: Range<u64>,
    /// The values that are not part of the header, in the order of the file.
    pub bulk: Vec<Element>,
    /// Extended Offset Table (7FE0,0001): where each frame's fragment starts, counted from the
    /// first byte of the first fragment's item tag. Empty when the file has none.
    pub extended_offsets: Vec<u64>,
    /// Extended Offset Table Lengths (7FE0,0002), in bytes.
    pub extended_lengths: Vec<u64>,
    /// Elements, items and fragments that the data set has.
    pub elements: usize,
    /// What the scan was limited to.
    pub limits: Limits,
}

/// A value that was located and not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The items that it lies in, outermost first; empty at top level.
    pub path: Vec<Step>,
    /// Its tag.
    pub tag: Tag,
    /// Its value representation, as written or as the dictionary has it.
    pub vr: VR,
    /// Where its value lies.
    pub value: Bulk,
}

/// One item of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The sequence.
    pub sequence: Tag,
    /// The item's number in it, from 0.
    pub item: usize,
}

/// Where a value lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bulk {
    /// In one piece.
    Whole(Range<u64>),
    /// In fragments (PS3.5 A.4).
    Fragments {
        /// Basic Offset Table: where each frame starts, counted from the first byte of the first
        /// fragment's item tag. Empty when the file has none.
        offsets: Vec<u32>,
        /// The fragments' values, without the offset table.
        fragments: Vec<Range<u64>>,
    },
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            depth: 128,
            elements: 1_000_000,
            inline: 256 * 1024,
            header: 64 * 1024 * 1024,
            inflated: 1024 * 1024 * 1024,
        }
    }
}

impl Layout {
    /// The pixel data of the data set itself: (7FE0,0008), (7FE0,0009) or (7FE0,0010).
    pub fn pixel_data(&self) -> Option<&Element> {
        self.bulk
            .iter()
            .find(|e| e.path.is_empty() && is_pixel_data(e.tag))
    }
}

/// Whether the tag is one of the three that hold pixels. They are bulk whatever their length.
pub fn is_pixel_data(tag: Tag) -> bool {
    tag.0 == 0x7FE0 && matches!(tag.1, 0x0008..=0x0010)
}

/// Finds out where everything lies, in one pass over the element headers.
///
/// ```
/// use dicom_wire::part10::{FileMeta, Limits, header, scan};
/// use dicom_wire::uid::Uid;
/// use std::io::Cursor;
///
/// let uid = |text| Uid::parse(text);
/// let meta = FileMeta::new(uid("1.2.840.10008.5.1.4.1.1.7")?, uid("1.2.3")?, uid("1.2.840.10008.1.2.1")?);
/// let mut file = meta.to_bytes();
/// file.extend(b"\x10\x00\x20\x00LO\x02\x00ID");
///
/// let layout = scan(Cursor::new(&file), &Limits::default())?;
/// assert_eq!(layout.meta, meta);
/// let object = header(Cursor::new(&file), &layout)?;
/// assert_eq!(object.element_by_name("PatientID")?.to_str()?, "ID");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn scan(mut reader: impl Read + Seek, limits: &Limits) -> Result<Layout, ScanError> {
    let start = start::read(&mut reader)?;
    let mut found = Found::default();
    let elements = match start.encoding {
        Encoding::Deflated => {
            let range = &start.data_set;
            let mut source =
                Source::inflated(&mut reader, range.start, range.end, limits.inflated)?;
            walk(&mut source, start.encoding.syntax(), limits, &mut found)?
        }
        encoding => {
            let range = &start.data_set;
            let mut source = Source::plain(&mut reader, range.start, range.end)?;
            walk(&mut source, encoding.syntax(), limits, &mut found)?
        }
    };
    Ok(Layout {
        meta: start.meta,
        encoding: start.encoding,
        data_set: start.data_set,
        bulk: found.bulk,
        extended_offsets: found.offsets,
        extended_lengths: found.lengths,
        elements,
        limits: *limits,
    })
}

/// Reads everything except the bulk values, whose elements stand in their places without value.
/// Takes no deep stack: the scan bounded the nesting.
///
/// Texts are decoded from the character sets of the data set and its items; the attribute
/// Specific Character Set stays as it was. Group lengths are left out.
pub fn header(reader: impl Read + Seek, layout: &Layout) -> Result<InMemDicomObject, ScanError> {
    let syntax = layout.encoding.syntax();
    let mut builder = Builder::new(syntax);
    let mut source = source_of(reader, layout)?;
    walk(&mut source, syntax, &layout.limits, &mut builder)?;
    builder.finish()
}

/// Reads a range of [`Layout`]'s offsets, inflating where needed.
pub fn bytes(
    reader: impl Read + Seek,
    layout: &Layout,
    range: Range<u64>,
) -> Result<Vec<u8>, ScanError> {
    let mut value = value(reader, layout, range.clone())?;
    let bytes = value.source.read_value(value.left)?;
    value.left -= bytes.len() as u64;
    value.complete(&range).map(|()| bytes)
}

/// Opens a range of [`Layout`]'s offsets for reading, inflating where needed.
pub fn value<R: Read + Seek>(
    reader: R,
    layout: &Layout,
    range: Range<u64>,
) -> Result<ValueReader<R>, ScanError> {
    let mut source = source_of(reader, layout)?;
    let before = range.start.saturating_sub(source.position());
    let skipped = source.skip(before)?;
    let left = range.end.saturating_sub(range.start);
    let value = ValueReader { source, left };
    if skipped < before {
        value.complete(&range)?;
    }
    Ok(value)
}

/// The bytes of a value, one after the other. Ends early where the data set does.
pub struct ValueReader<R: Read + Seek> {
    source: Source<R>,
    left: u64,
}

impl<R: Read + Seek> ValueReader<R> {
    fn complete(&self, range: &Range<u64>) -> Result<(), ScanError> {
        if self.left == 0 {
            return Ok(());
        }
        let length = range.end - range.start;
        let left = length - self.left;
        Err(ScanError::Truncated {
            offset: range.start,
            tag: Tag(0, 0),
            length,
            left,
        })
    }
}

impl<R: Read + Seek> Read for ValueReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer
            .len()
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self
            .source
            .read(&mut buffer[..most])
            .map_err(std::io::Error::other)?;
        self.left -= read as u64;
        Ok(read)
    }
}

fn source_of<R: Read + Seek>(reader: R, layout: &Layout) -> Result<Source<R>, ScanError> {
    let range = &layout.data_set;
    match layout.encoding {
        Encoding::Deflated => {
            Source::inflated(reader, range.start, range.end, layout.limits.inflated)
        }
        _ => Source::plain(reader, range.start, range.end),
    }
}

impl Encoding {
    fn syntax(self) -> Syntax {
        Syntax {
            implicit: self == Encoding::ImplicitLittle,
            big: self == Encoding::ExplicitBig,
        }
    }
}

/// What a scan keeps of a walk.
#[derive(Default)]
struct Found {
    bulk: Vec<Element>,
    offsets: Vec<u64>,
    lengths: Vec<u64>,
}

const EXTENDED_OFFSETS: Tag = Tag(0x7FE0, 0x0001);
const EXTENDED_LENGTHS: Tag = Tag(0x7FE0, 0x0002);

impl Visit for Found {
    fn wants(&self, tag: Tag, nested: bool) -> bool {
        !nested && (tag == EXTENDED_OFFSETS || tag == EXTENDED_LENGTHS)
    }

    fn value(&mut self, tag: Tag, _vr: VR, bytes: Vec<u8>) {
        // Encapsulated pixel data is little endian throughout (PS3.5 A.4).
        let number = |eight: &[u8]| eight.iter().rev().fold(0, |n, &b| n << 8 | u64::from(b));
        let numbers = bytes.chunks_exact(8).map(number).collect();
        match tag {
            EXTENDED_OFFSETS => self.offsets = numbers,
            _ => self.lengths = numbers,
        }
    }

    fn bulk(&mut self, element: Element) {
        self.bulk.push(element);
    }

    fn open_sequence(&mut self, _tag: Tag) {}
    fn open_item(&mut self) {}
    fn close_item(&mut self) {}
    fn close_sequence(&mut self) {}
}
