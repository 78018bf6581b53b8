//! RLE Lossless (PS3.5 annex G): PackBits, one segment a byte plane, the most significant byte first.

use std::borrow::Cow;

use super::{DecodeError, Samples, Values};
use crate::image::Image;

const HEADER: usize = 64;

pub(crate) fn decode(image: &Image, bytes: &[u8]) -> Result<Samples<'static>, DecodeError> {
    if bytes.len() < HEADER {
        return Err(DecodeError::Truncated {
            what: "the RLE header",
            found: bytes.len(),
            needed: HEADER,
        });
    }
    if image.allocated == 1 {
        return Err(DecodeError::Unsupported {
            codec: "RLE",
            what: "a cell of 1 bit".to_owned(),
        });
    }
    let (words, _) = bytes[..HEADER].as_chunks::<4>();
    let word = |index: usize| u32::from_le_bytes(words[index]) as usize;
    let width = (image.allocated / 8) as usize;
    let samples = image.samples as usize;
    let segments = word(0);
    if segments != width * samples {
        return Err(malformed(
            0,
            format!("{segments} segments, {} are needed", width * samples),
        ));
    }

    let pixels = image.pixels();
    // Cells are built in place, little endian: byte `place` of sample `sample` of every pixel is one segment.
    let mut cells = vec![0u8; pixels * width * samples];
    let mut plane = Vec::with_capacity(pixels);
    for segment in 0..segments {
        let start = word(1 + segment);
        let end = if segment + 1 < segments {
            word(2 + segment)
        } else {
            bytes.len()
        };
        if start < HEADER || start > end || end > bytes.len() {
            return Err(malformed(
                4 + segment * 4,
                format!("segment {} from {start} to {end} lies outside", segment + 1),
            ));
        }
        plane.clear();
        unpack(&bytes[start..end], start, pixels, &mut plane)?;
        let place = segment / width * width + (width - 1 - segment % width);
        for (cell, &byte) in cells[place..]
            .iter_mut()
            .step_by(width * samples)
            .zip(&plane)
        {
            *cell = byte;
        }
    }
    let values = match width {
        1 => Values::U8(Cow::Owned(cells)),
        2 => Values::U16(
            cells
                .as_chunks()
                .0
                .iter()
                .map(|&cell| u16::from_le_bytes(cell))
                .collect(),
        ),
        _ => Values::U32(
            cells
                .as_chunks()
                .0
                .iter()
                .map(|&cell| u32::from_le_bytes(cell))
                .collect(),
        ),
    };
    Ok(Samples {
        values,
        photometric: image.photometric,
        stored: image.stored,
        high: image.high,
    })
}

/// Appends exactly `length` bytes to `plane` (empty at first). Runs beyond it are cut: encoders pad.
fn unpack(
    packed: &[u8],
    offset: usize,
    length: usize,
    plane: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let mut at = 0;
    while plane.len() < length {
        let Some(&control) = packed.get(at) else {
            return Err(malformed(
                offset + at,
                format!("a segment gives {} of {length} bytes", plane.len()),
            ));
        };
        at += 1;
        let room = length - plane.len();
        match control {
            0..=127 => {
                let count = usize::from(control) + 1;
                let literal = packed.get(at..at + count).ok_or_else(|| {
                    malformed(
                        offset + at,
                        format!(
                            "{count} literal bytes announced, {} left",
                            packed.len() - at
                        ),
                    )
                })?;
                plane.extend_from_slice(&literal[..count.min(room)]);
                at += count;
            }
            128 => {}
            129..=255 => {
                let count = 257 - usize::from(control);
                let &byte = packed
                    .get(at)
                    .ok_or_else(|| malformed(offset + at, "a run without its byte".to_owned()))?;
                plane.resize(plane.len() + count.min(room), byte);
                at += 1;
            }
        }
    }
    Ok(())
}

fn malformed(offset: usize, what: String) -> DecodeError {
    DecodeError::Malformed {
        codec: "RLE",
        offset,
        what,
    }
}
