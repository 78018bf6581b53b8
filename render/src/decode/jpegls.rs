//! JPEG-LS (ITU-T T.87), lossless and near-lossless, in all three interleavings.
//!
//! Own code for the same reason as [`super::jpeg`]: there is no other in Rust, and the shape of the image is compared with
//! the data set before anything is allocated.

mod context;

use std::borrow::Cow;

use super::jpeg::{Segment, Segments};
use super::{DecodeError, Decoded, Samples, Values, check_size};
use crate::image::Image;
use context::{Bits, Coder, Parameters};

const CODEC: &str = "JPEG-LS";

/// Marker codes (T.87 C.1.1 and T.81 table B.1), without their 0xFF.
mod marker {
    pub(super) const SOI: u8 = 0xD8;
    pub(super) const EOI: u8 = 0xD9;
    pub(super) const SOS: u8 = 0xDA;
    pub(super) const DRI: u8 = 0xDD;
    pub(super) const SOF55: u8 = 0xF7;
    pub(super) const LSE: u8 = 0xF8;
}

/// The frame header.
struct Frame {
    precision: u32,
    columns: usize,
    rows: usize,
    ids: Vec<u8>,
}

/// Preset coding parameters (T.87 C.2.4.1.1); zero stands for the default.
#[derive(Default, Clone, Copy)]
struct Preset {
    maximum: i32,
    thresholds: [i32; 3],
    reset: i32,
}

pub(crate) fn decode(image: &Image, bytes: &[u8]) -> Result<Samples<'static>, DecodeError> {
    let mut reader = Segments::new(bytes);
    let mut frame: Option<Frame> = None;
    let mut preset = Preset::default();
    let mut samples: Vec<u16> = Vec::new();
    let mut scans = 0;
    if reader.next()?.map(|segment| segment.marker) != Some(marker::SOI) {
        return Err(malformed(0, "no start of image"));
    }
    while let Some(Segment {
        marker,
        offset,
        data,
    }) = reader.next()?
    {
        match marker {
            marker::SOF55 if frame.is_none() => {
                let read = Frame::read(image, offset, data)?;
                samples = vec![0; read.columns * read.rows * read.ids.len()];
                frame = Some(read);
            }
            marker::LSE => {
                preset = Preset::read(data, preset)
                    .ok_or_else(|| unsupported("a preset of this kind"))?
            }
            marker::DRI if data.iter().any(|&byte| byte != 0) => {
                return Err(unsupported("restart intervals"));
            }
            marker::SOS => {
                let frame = frame
                    .as_ref()
                    .ok_or_else(|| malformed(offset, "a scan before the frame header"))?;
                scans += 1;
                if scans > frame.ids.len() {
                    return Err(malformed(offset, "more scans than components"));
                }
                let at = reader.at;
                let used = scan(frame, preset, data, &bytes[at..], &mut samples, offset)?;
                reader.at = at + used;
            }
            marker::EOI => break,
            0xC0..=0xC3 | 0xC5..=0xCB | 0xCD..=0xCF | marker::SOF55 => {
                return Err(unsupported(&format!("a frame of marker {marker:#04x}")));
            }
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| malformed(bytes.len(), "no frame header"))?;
    if scans == 0 {
        return Err(malformed(bytes.len(), "no scan"));
    }
    let values = match frame.precision {
        ..=8 => Values::U8(Cow::Owned(
            samples.iter().map(|&sample| sample as u8).collect(),
        )),
        _ => Values::U16(samples),
    };
    Ok(Decoded {
        values,
        precision: frame.precision,
        photometric: image.photometric,
    }
    .fit(image))
}

impl Frame {
    fn read(image: &Image, offset: usize, data: &[u8]) -> Result<Self, DecodeError> {
        let &[precision, y1, y0, x1, x0, count, ref specs @ ..] = data else {
            return Err(malformed(offset, "a short frame header"));
        };
        let (rows, columns) = (u16::from_be_bytes([y1, y0]), u16::from_be_bytes([x1, x0]));
        check_size(CODEC, image, (columns.into(), rows.into(), count.into()))?;
        let ids: Vec<u8> = specs
            .as_chunks::<3>()
            .0
            .iter()
            .take(count.into())
            .map(|spec| spec[0])
            .collect();
        if ids.len() != usize::from(count) {
            return Err(malformed(offset, "a short frame header"));
        }
        if specs.as_chunks::<3>().0.iter().any(|spec| spec[1] != 0x11) {
            return Err(unsupported("subsampling"));
        }
        let precision = u32::from(precision);
        if !(2..=16).contains(&precision) || precision > image.allocated.max(8) {
            return Err(DecodeError::Mismatch {
                codec: CODEC,
                found: format!("of {precision} bits a sample"),
                expected: format!("{} bits allocated", image.allocated),
            });
        }
        Ok(Self {
            precision,
            columns: columns.into(),
            rows: rows.into(),
            ids,
        })
    }
}

impl Preset {
    fn read(data: &[u8], before: Self) -> Option<Self> {
        let (&kind, rest) = data.split_first()?;
        match kind {
            1 => {
                let words: Vec<i32> = rest
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&word| i32::from(u16::from_be_bytes(word)))
                    .collect();
                let &[maximum, t1, t2, t3, reset] = &words[..] else {
                    return None;
                };
                Some(Self {
                    maximum,
                    thresholds: [t1, t2, t3],
                    reset,
                })
            }
            // Mapping tables change nothing unless a scan names one; oversize images do not exist in DICOM.
            2 | 3 => Some(before),
            _ => None,
        }
    }
}

/// Decodes one scan into its places among all samples; tells how many bytes it used.
fn scan(
    frame: &Frame,
    preset: Preset,
    header: &[u8],
    bytes: &[u8],
    samples: &mut [u16],
    offset: usize,
) -> Result<usize, DecodeError> {
    let short = || malformed(offset, "a short scan header");
    let (&count, rest) = header.split_first().ok_or_else(short)?;
    let (specs, rest) = rest
        .split_at_checked(2 * usize::from(count))
        .ok_or_else(short)?;
    let &[near, interleave, transform, ..] = rest else {
        return Err(short());
    };
    let specs = specs.as_chunks::<2>().0;
    if transform != 0 || specs.iter().any(|spec| spec[1] != 0) {
        return Err(unsupported("a point transform or a mapping table"));
    }
    let mut places = Vec::new();
    for [id, _] in specs {
        let place = frame.ids.iter().position(|known| known == id);
        places.push(place.ok_or_else(|| malformed(offset, format!("a scan of component {id}")))?);
    }
    if places.is_empty() || interleave > 2 || (interleave == 0 && places.len() > 1) {
        return Err(malformed(
            offset,
            format!("interleave mode {interleave} of {count} components"),
        ));
    }
    let parameters = Parameters::new(
        frame.precision,
        near.into(),
        preset.maximum,
        preset.thresholds,
        preset.reset,
    )
    .ok_or_else(|| malformed(offset, "coding parameters that contradict each other"))?;

    let (columns, step) = (frame.columns, frame.ids.len());
    let by_sample = interleave == 2 && places.len() > 1;
    let mut coder = Coder::new(parameters, places.len());
    let mut bits = Bits::new(bytes);
    // One sample before a line and one after it, so that no neighbour is a special case (T.87 A.2.1).
    let mut above = vec![vec![0i32; columns + 2]; places.len()];
    let mut lines = above.clone();
    for y in 0..frame.rows {
        for (line, above) in lines.iter_mut().zip(&mut above) {
            line[0] = above[1];
            above[columns + 1] = above[columns];
        }
        let done = if by_sample {
            coder.line_of_pixels(&mut bits, &above, &mut lines)
        } else {
            (0..places.len()).try_for_each(|index| {
                coder.line(&mut bits, index, &above[index], &mut lines[index])
            })
        };
        if done.is_none() || bits.is_exhausted() {
            return Err(malformed(
                offset + bits.used(),
                format!("the scan ends in row {} of {}", y + 1, frame.rows),
            ));
        }
        let row = &mut samples[y * columns * step..(y + 1) * columns * step];
        for (&place, line) in places.iter().zip(&lines) {
            for (sample, &value) in row[place..]
                .iter_mut()
                .step_by(step)
                .zip(&line[1..=columns])
            {
                *sample = value as u16;
            }
        }
        std::mem::swap(&mut above, &mut lines);
    }
    Ok(bits.used())
}

fn malformed(offset: usize, what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed {
        codec: CODEC,
        offset,
        what: what.into(),
    }
}

fn unsupported(what: &str) -> DecodeError {
    DecodeError::Unsupported {
        codec: CODEC,
        what: what.to_owned(),
    }
}
