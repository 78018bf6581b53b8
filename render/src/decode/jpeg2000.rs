//! JPEG 2000 (ISO/IEC 15444-1) and High-Throughput JPEG 2000 (15444-15), by OpenJPEG translated to Rust.
//!
//! The decoder allocates what the codestream claims and is known to panic, so its header is read and compared with the data
//! set here first, and a panic ends the frame, not the process.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jpeg2k::{DecodeParameters, ImageComponent};

use super::{DecodeError, Decoded, Samples, Values, check_size};
use crate::image::{Image, Photometric};

const CODEC: &str = "JPEG 2000";

/// Start of codestream, then the size marker that must follow (15444-1 A.5.1).
const START: [u8; 4] = [0xFF, 0x4F, 0xFF, 0x51];

/// The box of a JP2 file that holds the codestream (15444-1 I.5.4); DICOM forbids the file format, encoders write it all the same.
const CODESTREAM_BOX: &[u8; 4] = b"jp2c";

/// A tile costs memory of its own; whole-slide encoders stay far below.
const MAX_TILES: u64 = 65_535;

pub(crate) fn decode(image: &Image, bytes: &[u8]) -> Result<Samples<'static>, DecodeError> {
    let start = codestream(bytes).ok_or_else(|| malformed(0, "no codestream"))?;
    // The boxes around it could say anything (palette, channel definition); the samples alone count.
    let codestream = &bytes[start..];
    let precision = check_header(image, codestream, start)?;

    let decoded = catch_unwind(AssertUnwindSafe(|| {
        let decoded =
            jpeg2k::Image::from_bytes_with(codestream, DecodeParameters::new().strict(true))?;
        let components = decoded.components();
        let whole = components.len() == image.samples as usize
            && components.iter().all(|component| {
                (component.width(), component.height()) == (image.columns, image.rows)
            });
        Ok::<_, jpeg2k::error::Error>(
            whole.then(|| values(components, image.allocated.max(precision))),
        )
    }));
    let values = decoded
        .map_err(|_| malformed(start, "the decoder gave up on it"))?
        .map_err(|error| malformed(start, error.to_string()))?
        .ok_or_else(|| malformed(start, "components of different sizes"))?;
    let photometric = match image.photometric {
        // The transforms belong to the codestream and are undone with it (PS3.5 8.2.4).
        Photometric::YbrIct | Photometric::YbrRct => Photometric::Rgb,
        other => other,
    };
    Ok(Decoded {
        values,
        precision,
        photometric,
    }
    .fit(image))
}

/// Where the codestream begins: at once, or inside a JP2 file.
fn codestream(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(&START) {
        return Some(0);
    }
    let name = bytes
        .windows(4)
        .take(4096)
        .position(|window| window == CODESTREAM_BOX)?;
    let start = name + 4;
    bytes.get(start..)?.starts_with(&START).then_some(start)
}

/// Compares the size marker (15444-1 A.5.1) with the data set; gives the largest precision.
fn check_header(image: &Image, codestream: &[u8], offset: usize) -> Result<u32, DecodeError> {
    let truncated = DecodeError::Truncated {
        what: "the JPEG 2000 header",
        found: codestream.len(),
        needed: 42,
    };
    // Marker 2, length 2, capabilities 2, then eight numbers of 4 bytes and the count of components.
    let header = codestream.get(8..42).ok_or(truncated)?;
    let (words, rest) = header.as_chunks::<4>();
    let words: Vec<u64> = words
        .iter()
        .map(|&word| u64::from(u32::from_be_bytes(word)))
        .collect();
    let (
        &[
            width,
            height,
            left,
            top,
            tile_width,
            tile_height,
            tile_left,
            tile_top,
        ],
        &[high, low],
    ) = (&words[..], rest)
    else {
        return Err(malformed(offset, "a short header"));
    };
    let size = |far: u64, near: u64| u32::try_from(far.saturating_sub(near)).unwrap_or(u32::MAX);
    let count = u32::from(u16::from_be_bytes([high, low]));
    check_size(CODEC, image, (size(width, left), size(height, top), count))?;
    if tile_width == 0 || tile_height == 0 || tile_left > left || tile_top > top {
        return Err(malformed(offset + 8, "tiles that hold nothing"));
    }
    let tiles =
        (width - tile_left).div_ceil(tile_width) * (height - tile_top).div_ceil(tile_height);
    if tiles > MAX_TILES {
        return Err(malformed(
            offset + 8,
            format!("{tiles} tiles, the limit is {MAX_TILES}"),
        ));
    }
    let specs = codestream
        .get(42..42 + 3 * count as usize)
        .ok_or_else(|| malformed(offset + 42, "a short header"))?;
    let mut precision = 0;
    for &[depth, across, down] in specs.as_chunks::<3>().0 {
        if (across, down) != (1, 1) {
            return Err(DecodeError::Unsupported {
                codec: CODEC,
                what: format!("subsampling by {across} x {down}"),
            });
        }
        precision = precision.max(u32::from(depth & 0x7F) + 1);
    }
    if precision > 16 && image.allocated < 32 || precision > 31 {
        return Err(DecodeError::Mismatch {
            codec: CODEC,
            found: format!("of {precision} bits a sample"),
            expected: format!("{} bits allocated", image.allocated),
        });
    }
    Ok(precision)
}

/// Components to pixels; negative values become two's complement.
fn values(components: &[ImageComponent], bits: u32) -> Values<'static> {
    match bits {
        0..=8 => Values::U8(Cow::Owned(weave(components, |value| value as u8))),
        9..=16 => Values::U16(weave(components, |value| value as u16)),
        _ => Values::U32(weave(components, |value| value as u32)),
    }
}

fn weave<T>(components: &[ImageComponent], cell: impl Fn(i32) -> T) -> Vec<T> {
    let planes: Vec<&[i32]> = components.iter().map(ImageComponent::data).collect();
    match planes[..] {
        [grey] => grey.iter().map(|&value| cell(value)).collect(),
        [a, b, c] => a
            .iter()
            .zip(b)
            .zip(c)
            .flat_map(|((&a, &b), &c)| [cell(a), cell(b), cell(c)])
            .collect(),
        _ => Vec::new(),
    }
}

fn malformed(offset: usize, what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed {
        codec: CODEC,
        offset,
        what: what.into(),
    }
}
