//! DICOM files and data sets, read without trust (PS3.10 7, PS3.5 7).
//!
//! [`scan`] makes one pass over the element headers, with a stack of its own instead of recursion
//! and a limit on everything that the bytes could claim; it reads neither pixels nor other big
//! values, and tells where they lie. [`header`] reads the rest into an object.

mod meta;

use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::{Tag, VR};
use dicom_object::InMemDicomObject;

pub use meta::{FileMeta, IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME};

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

/// Why bytes are not a DICOM file. The message tells the byte offset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// No byte at all.
    #[error("the input is empty")]
    Empty,
    /// Neither a preamble nor anything else that a file may start with.
    #[error("not a DICOM file: neither DICM at offset 128 nor a data set at offset 0")]
    NotDicom,
    /// The reader failed.
    #[error("reading failed at offset {offset}: {source}")]
    Io {
        /// Where, in bytes.
        offset: u64,
        /// The reader's word.
        source: std::io::Error,
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
pub fn scan(reader: impl Read + Seek, limits: &Limits) -> Result<Layout, ScanError> {
    let _ = (reader, limits);
    Err(ScanError::NotDicom)
}

/// Reads everything except the bulk values. Takes no deep stack: the scan bounded the nesting.
pub fn header(reader: impl Read + Seek, layout: &Layout) -> Result<InMemDicomObject, ScanError> {
    let _ = (reader, layout);
    Err(ScanError::NotDicom)
}

/// Reads a range of [`Layout`]'s offsets, inflating where needed.
pub fn bytes(
    reader: impl Read + Seek,
    layout: &Layout,
    range: Range<u64>,
) -> Result<Vec<u8>, ScanError> {
    let _ = (reader, layout, range);
    Err(ScanError::NotDicom)
}
