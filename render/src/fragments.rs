//! Which bytes of Pixel Data belong to a frame.

use std::borrow::Cow;

use dicom_core::value::{PrimitiveValue, Value};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::Codec;
use crate::frame::RenderError;
use crate::image::{Image, frames};

/// An item of encapsulated pixel data has a tag and a length before its bytes (PS3.5 A.4).
const ITEM_HEADER: u64 = 8;

/// The bytes of frame `frame`, from 1; see [`crate::frame::bytes_of`].
pub(crate) fn bytes_of<'o>(
    object: &'o InMemDicomObject,
    transfer_syntax: &str,
    frame: u32,
    max_pixels: u64,
) -> Result<Cow<'o, [u8]>, RenderError> {
    let element = [
        tags::PIXEL_DATA,
        tags::FLOAT_PIXEL_DATA,
        tags::DOUBLE_FLOAT_PIXEL_DATA,
    ]
    .into_iter()
    .find_map(|tag| object.get(tag))
    .ok_or(RenderError::NoPixelData)?;
    let frames = frames(object);
    if !(1..=frames).contains(&frame) {
        return Err(RenderError::NoSuchFrame { frame, frames });
    }
    match element.value() {
        Value::Primitive(value) => {
            let image = Image::read(object, max_pixels)?;
            let big_endian = Codec::of(transfer_syntax).is_ok_and(|codec| codec == Codec::Big);
            native(&image, value, big_endian, frame)
        }
        Value::PixelSequence(sequence) => {
            let extended = extended_offsets(object);
            let basic = sequence
                .offset_table()
                .iter()
                .map(|&offset| u64::from(offset))
                .collect();
            let offsets = if extended.is_empty() { basic } else { extended };
            encapsulated(sequence.fragments(), &offsets, frame, frames)
        }
        Value::Sequence(_) => Err(RenderError::NoPixelData),
    }
}

/// A slice of native pixel data. Words are given back in the byte order in which they came, bytes of a word of two 8-bit
/// samples in the order of the samples.
fn native<'o>(
    image: &Image,
    value: &'o PrimitiveValue,
    big_endian: bool,
    frame: u32,
) -> Result<Cow<'o, [u8]>, RenderError> {
    let before = u64::from(frame - 1);
    if image.allocated == 1 {
        let bytes = value.to_bytes();
        return bits(&bytes, before * image.pixels() as u64, image.pixels())
            .map(Cow::Owned)
            .ok_or_else(|| missing(frame, image.frames, bytes.len() as u64));
    }
    let length = image.native_length();
    let start = before * length as u64;
    let range = |width: usize| {
        let start = usize::try_from(start).ok()? / width;
        Some(start..start.checked_add(length.div_ceil(width))?)
    };
    let big_cells = big_endian && image.allocated > 8;
    let slice: Option<Cow<'o, [u8]>> = match value {
        PrimitiveValue::U8(bytes) => range(1)
            .and_then(|range| bytes.get(range))
            .map(Cow::Borrowed),
        PrimitiveValue::U16(words) => {
            // An odd frame of 8-bit samples in words begins inside a word.
            let odd = (start % 2) as usize;
            let words = range(2)
                .and_then(|range| words.get(range.start..(range.end + odd).min(words.len())));
            words.and_then(|words| {
                let mut bytes = if big_cells {
                    flat(words, u16::to_be_bytes)
                } else {
                    flat(words, u16::to_le_bytes)
                };
                bytes.drain(..odd.min(bytes.len()));
                bytes.truncate(length);
                (bytes.len() == length).then_some(Cow::Owned(bytes))
            })
        }
        PrimitiveValue::F32(floats) => range(4).and_then(|range| floats.get(range)).map(|floats| {
            Cow::Owned(if big_cells {
                flat(floats, f32::to_be_bytes)
            } else {
                flat(floats, f32::to_le_bytes)
            })
        }),
        PrimitiveValue::F64(floats) => range(8).and_then(|range| floats.get(range)).map(|floats| {
            Cow::Owned(if big_cells {
                flat(floats, f64::to_be_bytes)
            } else {
                flat(floats, f64::to_le_bytes)
            })
        }),
        PrimitiveValue::U32(words) => range(4).and_then(|range| words.get(range)).map(|words| {
            Cow::Owned(if big_cells {
                flat(words, u32::to_be_bytes)
            } else {
                flat(words, u32::to_le_bytes)
            })
        }),
        PrimitiveValue::Empty => None,
        other => {
            let bytes = other.to_bytes();
            range(1).and_then(|range| bytes.get(range).map(|bytes| Cow::Owned(bytes.to_vec())))
        }
    };
    slice.ok_or_else(|| missing(frame, image.frames, value.calculate_byte_len() as u64))
}

fn flat<T: Copy, const N: usize>(values: &[T], to_bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values
        .iter()
        .map(|&value| to_bytes(value))
        .collect::<Vec<_>>()
        .into_flattened()
}

/// `count` bits from bit `start`, moved to begin at bit 0.
fn bits(bytes: &[u8], start: u64, count: usize) -> Option<Vec<u8>> {
    let first = usize::try_from(start / 8).ok()?;
    let shift = (start % 8) as u32;
    let last = first.checked_add((shift as usize + count).div_ceil(8))?;
    let bytes = bytes.get(first..last)?;
    let next = bytes.iter().skip(1).chain([&0]);
    let moved = bytes
        .iter()
        .zip(next)
        .map(|(&low, &high)| (u16::from_le_bytes([low, high]) >> shift) as u8);
    Some(moved.take(count.div_ceil(8)).collect())
}

fn missing(frame: u32, frames: u32, found: u64) -> RenderError {
    RenderError::FrameNotFound {
        frame,
        frames,
        why: format!("the pixel data ends after {found} bytes"),
    }
}

/// Extended Offset Table (7FE0,0001), PS3.3 C.7.6.3.1.8: 64-bit offsets, read as OV or as bytes.
fn extended_offsets(object: &InMemDicomObject) -> Vec<u64> {
    let Some(element) = object.get(tags::EXTENDED_OFFSET_TABLE) else {
        return Vec::new();
    };
    match element.value() {
        Value::Primitive(PrimitiveValue::U64(offsets)) => offsets.to_vec(),
        Value::Primitive(value) => value
            .to_bytes()
            .as_chunks()
            .0
            .iter()
            .map(|&cell| u64::from_le_bytes(cell))
            .collect(),
        _ => Vec::new(),
    }
}

/// The fragments of one frame, joined: by the offset table where it holds, else one a frame, else by the marks with which
/// codestreams begin.
fn encapsulated<'o>(
    fragments: &'o [Vec<u8>],
    offsets: &[u64],
    frame: u32,
    frames: u32,
) -> Result<Cow<'o, [u8]>, RenderError> {
    let index = (frame - 1) as usize;
    let frames = frames as usize;
    let range = if frames == 1 {
        Some(0..fragments.len())
    } else {
        by_offsets(fragments, offsets, index, frames)
            .or_else(|| (fragments.len() == frames).then_some(index..index + 1))
            .or_else(|| by_marks(fragments, index, frames))
    };
    let why = || match fragments.len() {
        0 => "there is no fragment".to_owned(),
        count => format!(
            "{count} fragments cannot be divided: no valid offset table and no marks of {frames} frames"
        ),
    };
    match range.and_then(|range| fragments.get(range)) {
        Some([only]) => Ok(Cow::Borrowed(only)),
        Some(several) if !several.is_empty() => Ok(Cow::Owned(several.concat())),
        _ => Err(RenderError::FrameNotFound {
            frame,
            frames: frames as u32,
            why: why(),
        }),
    }
}

/// A table holds if it has an entry a frame, ascending, each at the start of a fragment.
fn by_offsets(
    fragments: &[Vec<u8>],
    offsets: &[u64],
    index: usize,
    frames: usize,
) -> Option<std::ops::Range<usize>> {
    if offsets.len() != frames || !offsets.is_sorted_by(|a, b| a < b) {
        return None;
    }
    let mut starts = Vec::with_capacity(fragments.len());
    let mut at = 0;
    for fragment in fragments {
        starts.push(at);
        at += ITEM_HEADER + fragment.len() as u64 + fragment.len() as u64 % 2;
    }
    let fragment_at = |offset: u64| starts.binary_search(&offset).ok();
    let first = fragment_at(offsets[index])?;
    let end = match offsets.get(index + 1) {
        Some(&next) => fragment_at(next)?,
        None => fragments.len(),
    };
    Some(first..end)
}

fn by_marks(fragments: &[Vec<u8>], index: usize, frames: usize) -> Option<std::ops::Range<usize>> {
    const MARKS: [&[u8]; 3] = [
        &[0xFF, 0xD8, 0xFF],
        &[0xFF, 0x4F, 0xFF, 0x51],
        b"\0\0\0\x0CjP  ",
    ];
    let begins = |fragment: &Vec<u8>| MARKS.iter().any(|mark| fragment.starts_with(mark));
    let starts: Vec<usize> = fragments
        .iter()
        .enumerate()
        .filter(|(_, fragment)| begins(fragment))
        .map(|(at, _)| at)
        .collect();
    (starts.len() == frames && starts[0] == 0)
        .then(|| starts[index]..starts.get(index + 1).copied().unwrap_or(fragments.len()))
}
