//! The bytes of one frame, found without reading the others.

use std::io::{Read, Seek};
use std::ops::Range;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{Bulk, Layout, ScanError};

/// Why a frame is not there. The message names the frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The data set has no pixel data.
    #[error("no frame {frame}: the instance has no pixel data")]
    NoPixelData {
        /// The wanted frame, from 1.
        frame: u32,
    },
    /// Frames count from 1 to Number of Frames.
    #[error("no frame {frame}: the instance has frames 1 to {frames}")]
    OutOfRange {
        /// The wanted frame.
        frame: u32,
        /// How many there are.
        frames: u32,
    },
    /// An attribute that says how big a frame is, is missing or absurd.
    #[error("the size of a frame is not known: {attribute} is missing or out of range")]
    Geometry {
        /// The attribute's keyword.
        attribute: &'static str,
    },
    /// The pixel data ends before the frame does.
    #[error("frame {frame} is not complete: it ends at byte {end} of {length} bytes of pixel data")]
    Short {
        /// The wanted frame.
        frame: u32,
        /// Where it should end.
        end: u64,
        /// How long the pixel data is.
        length: u64,
    },
    /// Neither an offset table nor the fragments tell where the frame starts.
    #[error(
        "frame {frame} of {frames} cannot be found in {fragments} fragments without offset table"
    )]
    Lost {
        /// The wanted frame.
        frame: u32,
        /// How many there are.
        frames: u32,
        /// How many fragments the pixel data has.
        fragments: usize,
    },
    /// Reading failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Number of Frames (0028,0008); 1 when it is absent, 0 or no number.
pub fn frame_count(attributes: &InMemDicomObject) -> u32 {
    let value = attributes.get(tags::NUMBER_OF_FRAMES);
    value
        .and_then(|e| e.to_int::<u32>().ok())
        .unwrap_or(1)
        .max(1)
}

/// The bytes of frame `frame`, counted from 1: native pixels, starting at a byte of their own, or
/// the joined fragments of its codestream.
///
/// `attributes` is what [`header`](super::header) gave.
pub fn frame_bytes(
    mut reader: impl Read + Seek,
    layout: &Layout,
    attributes: &InMemDicomObject,
    frame: u32,
) -> Result<Vec<u8>, FrameError> {
    let frames = frame_count(attributes);
    let Some(pixels) = layout.pixel_data() else {
        return Err(FrameError::NoPixelData { frame });
    };
    if frame == 0 || frame > frames {
        return Err(FrameError::OutOfRange { frame, frames });
    }
    match &pixels.value {
        Bulk::Whole(range) => native(reader, layout, attributes, range, frame),
        Bulk::Fragments { offsets, fragments } => {
            let group = by_table(layout, offsets, fragments, frame, frames);
            let group = match group {
                Some(group) => group,
                None => by_codestream(&mut reader, layout, fragments, frame, frames)?,
            };
            let mut joined = Vec::new();
            for range in &fragments[group] {
                joined.extend(super::bytes(&mut reader, layout, range.clone())?);
            }
            Ok(joined)
        }
    }
}

/// A frame of native pixels (PS3.5 8.1). Frames of single bits start anywhere in a byte.
fn native(
    reader: impl Read + Seek,
    layout: &Layout,
    attributes: &InMemDicomObject,
    range: &Range<u64>,
    frame: u32,
) -> Result<Vec<u8>, FrameError> {
    let number = |tag: Tag, attribute| {
        let value = attributes.get(tag).and_then(|e| e.to_int::<u16>().ok());
        value
            .filter(|n| *n > 0)
            .map(u64::from)
            .ok_or(FrameError::Geometry { attribute })
    };
    let (rows, columns) = (
        number(tags::ROWS, "Rows")?,
        number(tags::COLUMNS, "Columns")?,
    );
    let allocated = match number(tags::BITS_ALLOCATED, "BitsAllocated") {
        // Float and Double Float Pixel Data need not say it (PS3.3 C.7.6.24 and 25).
        Err(_) if layout.pixel_data().is_some_and(|e| e.tag.1 == 0x0008) => 32,
        Err(_) if layout.pixel_data().is_some_and(|e| e.tag.1 == 0x0009) => 64,
        other => other?,
    };
    let photometric = attributes.get(tags::PHOTOMETRIC_INTERPRETATION);
    let halved = photometric
        .and_then(|e| e.to_str().ok())
        .is_some_and(|p| p.trim() == "YBR_FULL_422");
    let samples = number(tags::SAMPLES_PER_PIXEL, "SamplesPerPixel").unwrap_or(1);
    // In 4:2:2, two pixels share their two colour samples (PS3.3 C.7.6.3.1.2).
    let samples = if halved { 2 } else { samples };
    // Four factors of 16 bits and one of 32: kept in 128 bits.
    let bits = u128::from(rows * columns) * u128::from(samples * allocated);
    let start = bits * u128::from(frame - 1);
    let end = (start + bits).div_ceil(8);
    let length = range.end - range.start;
    if end > u128::from(length) {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        return Err(FrameError::Short { frame, end, length });
    }
    let shift = (start % 8) as u32;
    let (start, end) = ((start / 8) as u64, end as u64);
    let mut bytes = super::bytes(reader, layout, range.start + start..range.start + end)?;
    if shift > 0 {
        for i in 0..bytes.len() {
            let next = bytes.get(i + 1).copied().unwrap_or(0);
            bytes[i] = (bytes[i] >> shift) | next.checked_shl(8 - shift).unwrap_or(0);
        }
        bytes.truncate(bits.div_ceil(8) as usize);
    }
    Ok(bytes)
}

/// The fragments of a frame by the extended or the basic offset table, or by their number.
fn by_table(
    layout: &Layout,
    offsets: &[u32],
    fragments: &[Range<u64>],
    frame: u32,
    frames: u32,
) -> Option<Range<usize>> {
    let base = fragments.first()?.start;
    // Offsets lead to an item's tag, fragments start behind its 8 bytes of header.
    let at = |offset: u64| fragments.iter().position(|f| f.start - base == offset);
    let index = frame as usize - 1;
    if layout.extended_offsets.len() == frames as usize {
        let start = at(layout.extended_offsets[index])?;
        return Some(start..start + 1);
    }
    if offsets.len() == frames as usize {
        let start = at(u64::from(offsets[index]));
        let end = match offsets.get(index + 1) {
            Some(&next) => at(u64::from(next)),
            None => Some(fragments.len()),
        };
        if let (Some(start), Some(end)) = (start, end)
            && start < end
        {
            return Some(start..end);
        }
    }
    if frames == 1 {
        return Some(0..fragments.len());
    }
    (fragments.len() == frames as usize).then(|| index..index + 1)
}

/// The fragments of a frame by where codestreams start. Only what the first fragment starts with
/// counts: in the middle of a stream, three bytes may look like the start of another kind.
fn by_codestream(
    reader: &mut (impl Read + Seek),
    layout: &Layout,
    fragments: &[Range<u64>],
    frame: u32,
    frames: u32,
) -> Result<Range<usize>, FrameError> {
    let lost = FrameError::Lost {
        frame,
        frames,
        fragments: fragments.len(),
    };
    let mut kind = None;
    let mut starts = Vec::new();
    for (i, fragment) in fragments.iter().enumerate() {
        let head = super::bytes(
            &mut *reader,
            layout,
            fragment.start..fragment.end.min(fragment.start + 12),
        )?;
        let found = codestream(&head);
        if i == 0 {
            kind = found;
        }
        if found.is_some() && found == kind {
            starts.push(i);
        }
        if starts.len() > frame as usize {
            break;
        }
    }
    let index = frame as usize - 1;
    let Some(&start) = starts.get(index) else {
        return Err(lost);
    };
    Ok(start..starts.get(index + 1).copied().unwrap_or(fragments.len()))
}

/// The signature that a codestream starts with, if these are its first bytes: SOI of JPEG and
/// JPEG-LS, SOC of JPEG 2000, FF0A of JPEG XL, or the signature box of either.
fn codestream(head: &[u8]) -> Option<&'static [u8]> {
    const SIGNATURES: [&[u8]; 4] = [
        &[0xFF, 0xD8, 0xFF],
        &[0xFF, 0x4F, 0xFF, 0x51],
        &[0xFF, 0x0A],
        &[0, 0, 0, 12],
    ];
    SIGNATURES
        .into_iter()
        .find(|signature| head.starts_with(signature))
}
