//! Uncompressed samples: cells of Bits Allocated in the byte order of the transfer syntax (PS3.5 8.1.1).

use std::borrow::Cow;

use super::{DecodeError, Samples, Values};
use crate::image::{Image, Photometric};

/// The order of the bytes of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

pub(crate) fn decode<'a>(
    image: &Image,
    bytes: &'a [u8],
    order: Order,
) -> Result<Samples<'a>, DecodeError> {
    if image.photometric == Photometric::YbrPartial420 {
        // Only ever inside of MPEG (PS3.3 C.7.6.3.1.2): there is no order of uncompressed samples to go by.
        return Err(DecodeError::Unsupported {
            codec: "native",
            what: "YBR_PARTIAL_420".to_owned(),
        });
    }
    let needed = image.native_length();
    let bytes = bytes.get(..needed).ok_or(DecodeError::Truncated {
        what: "the frame",
        found: bytes.len(),
        needed,
    })?;
    let values = match (image.allocated, image.float) {
        (1, _) => Values::U8(Cow::Owned(unpack(bytes, image.pixels()))),
        (8, _) => Values::U8(Cow::Borrowed(bytes)),
        (16, _) => Values::U16(cells(bytes, order, u16::from_le_bytes, u16::from_be_bytes)),
        (32, false) => Values::U32(cells(bytes, order, u32::from_le_bytes, u32::from_be_bytes)),
        (32, true) => Values::F32(cells(bytes, order, f32::from_le_bytes, f32::from_be_bytes)),
        _ => Values::F64(cells(bytes, order, f64::from_le_bytes, f64::from_be_bytes)),
    };
    let (values, photometric) = match image.photometric {
        Photometric::YbrFull422 => (
            values.spread_chroma(image.columns as usize),
            Photometric::YbrFull,
        ),
        Photometric::YbrPartial422 => (
            values.spread_chroma(image.columns as usize),
            Photometric::YbrPartial,
        ),
        other if image.planar => (values.interleave(image.samples as usize), other),
        other => (values, other),
    };
    Ok(Samples {
        values,
        photometric,
        stored: image.stored,
        high: image.high,
    })
}

fn cells<const N: usize, T>(
    bytes: &[u8],
    order: Order,
    little: impl Fn([u8; N]) -> T,
    big: impl Fn([u8; N]) -> T,
) -> Vec<T> {
    let (cells, _) = bytes.as_chunks::<N>();
    match order {
        Order::Little => cells.iter().map(|&cell| little(cell)).collect(),
        Order::Big => cells.iter().map(|&cell| big(cell)).collect(),
    }
}

/// Single bits to bytes of 0 or 1; the first pixel is the least significant bit (PS3.5 D.1).
fn unpack(bytes: &[u8], pixels: usize) -> Vec<u8> {
    let mut values: Vec<u8> = bytes
        .iter()
        .flat_map(|&byte| (0..8).map(move |bit| byte >> bit & 1))
        .collect();
    values.truncate(pixels);
    values
}

impl Values<'_> {
    /// Planes to pixels.
    pub(crate) fn interleave(self, samples: usize) -> Values<'static> {
        match self {
            Values::U8(values) => Values::U8(Cow::Owned(interleave(&values, samples))),
            Values::U16(values) => Values::U16(interleave(&values, samples)),
            Values::U32(values) => Values::U32(interleave(&values, samples)),
            Values::F32(values) => Values::F32(interleave(&values, samples)),
            Values::F64(values) => Values::F64(interleave(&values, samples)),
        }
    }

    /// Y1 Y2 Cb Cr to Y1 Cb Cr Y2 Cb Cr, row by row.
    fn spread_chroma(self, columns: usize) -> Values<'static> {
        match self {
            Values::U8(values) => Values::U8(Cow::Owned(spread_chroma(&values, columns))),
            Values::U16(values) => Values::U16(spread_chroma(&values, columns)),
            Values::U32(values) => Values::U32(spread_chroma(&values, columns)),
            Values::F32(values) => Values::F32(spread_chroma(&values, columns)),
            Values::F64(values) => Values::F64(spread_chroma(&values, columns)),
        }
    }
}

fn interleave<T: Copy>(planes: &[T], samples: usize) -> Vec<T> {
    let pixels = planes.len() / samples;
    let mut values = Vec::with_capacity(planes.len());
    for pixel in 0..pixels {
        values.extend((0..samples).map(|sample| planes[sample * pixels + pixel]));
    }
    values
}

fn spread_chroma<T: Copy>(values: &[T], columns: usize) -> Vec<T> {
    let mut pixels = Vec::with_capacity(values.len() / 2 * 3);
    for row in values.chunks_exact(columns.div_ceil(2) * 4) {
        let (pairs, _) = row.as_chunks::<4>();
        let start = pixels.len();
        pixels.extend(
            pairs
                .iter()
                .flat_map(|&[first, second, blue, red]| [first, blue, red, second, blue, red]),
        );
        pixels.truncate(start + columns * 3);
    }
    pixels
}
