//! JPEG (ITU-T T.81) with Huffman codes: baseline, extended of 8 and 12 bits, progressive, lossless.
//!
//! Own code, because nothing in Rust reads 12 bits, and because a codestream that claims 65,535 x 65,535 pixels must cost
//! nothing: the frame header is compared with the data set first. Arithmetic coding and hierarchical frames are refused.

mod dct;
mod entropy;
mod lossless;
mod scan;
mod upsample;

use std::borrow::Cow;

use super::{DecodeError, Decoded, Samples, Values, check_size};
use crate::image::{Image, Photometric};
use entropy::Table;

const CODEC: &str = "JPEG";

/// Progressive images have about ten scans; each costs time in proportion to the pixels.
const MAX_SCANS: usize = 100;

/// Marker codes (T.81 table B.1), without their 0xFF.
mod marker {
    pub(super) const SOF0: u8 = 0xC0;
    pub(super) const SOF1: u8 = 0xC1;
    pub(super) const SOF2: u8 = 0xC2;
    pub(super) const SOF3: u8 = 0xC3;
    pub(super) const DHT: u8 = 0xC4;
    pub(super) const DAC: u8 = 0xCC;
    pub(super) const SOF15: u8 = 0xCF;
    pub(super) const RST0: u8 = 0xD0;
    pub(super) const RST7: u8 = 0xD7;
    pub(super) const SOI: u8 = 0xD8;
    pub(super) const EOI: u8 = 0xD9;
    pub(super) const SOS: u8 = 0xDA;
    pub(super) const DQT: u8 = 0xDB;
    pub(super) const DRI: u8 = 0xDD;
    pub(super) const APP0: u8 = 0xE0;
    pub(super) const APP14: u8 = 0xEE;
    pub(super) const TEM: u8 = 0x01;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Process {
    Sequential,
    Progressive,
    Lossless,
}

/// The frame header and the planes that scans fill.
struct Frame {
    process: Process,
    precision: u32,
    columns: usize,
    rows: usize,
    components: Vec<Component>,
    /// Largest sampling factors.
    h: usize,
    v: usize,
}

struct Component {
    id: u8,
    h: usize,
    v: usize,
    quantization: usize,
    /// Blocks that hold pixels, in a scan of this component alone (T.81 A.2.2).
    blocks_wide: usize,
    blocks_high: usize,
    /// Samples from one row to the next: whole MCUs.
    stride: usize,
    plane: Vec<u16>,
    /// Progressive only: coefficients of all blocks, 64 each, in natural order.
    coefficients: Vec<i16>,
    /// The table in force when the component was last scanned.
    dequantize: Option<[u16; 64]>,
}

/// What the markers have set so far.
#[derive(Default)]
struct Tables {
    quantization: [Option<[u16; 64]>; 4],
    dc: [Option<Table>; 4],
    ac: [Option<Table>; 4],
    restart_interval: usize,
    jfif: bool,
    adobe_transform: Option<u8>,
}

pub(crate) fn decode(image: &Image, bytes: &[u8]) -> Result<Samples<'static>, DecodeError> {
    let mut reader = Segments::new(bytes);
    let mut tables = Tables::default();
    let mut frame: Option<Frame> = None;
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
            marker::SOF0..=marker::SOF3 => {
                if frame.is_some() {
                    return Err(malformed(offset, "a second frame"));
                }
                frame = Some(Frame::read(image, marker, offset, data)?);
            }
            marker::DHT => tables.read_huffman(offset, data)?,
            marker::DQT => tables.read_quantization(offset, data)?,
            marker::DRI => {
                let &[high, low, ..] = data else {
                    return Err(malformed(offset, "a short restart interval"));
                };
                tables.restart_interval = usize::from(u16::from_be_bytes([high, low]));
            }
            marker::APP0 if data.starts_with(b"JFIF\0") => tables.jfif = true,
            marker::APP14 if data.starts_with(b"Adobe") => {
                tables.adobe_transform = data.get(11).copied()
            }
            marker::SOS => {
                let frame = frame
                    .as_mut()
                    .ok_or_else(|| malformed(offset, "a scan before the frame header"))?;
                scans += 1;
                if scans > MAX_SCANS {
                    return Err(malformed(offset, format!("more than {MAX_SCANS} scans")));
                }
                let used = scan::decode(frame, &tables, data, &bytes[reader.at..], reader.at)?;
                reader.at += used;
            }
            marker::EOI => break,
            marker::SOF0..=marker::SOF15 if marker != marker::DAC => {
                return Err(DecodeError::Unsupported {
                    codec: CODEC,
                    what: format!("a frame of type SOF{}", marker - 0xC0),
                });
            }
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| malformed(bytes.len(), "no frame header"))?;
    if scans == 0 {
        return Err(malformed(bytes.len(), "no scan"));
    }
    let photometric = frame.photometric(image, &tables);
    frame.finish(photometric).map(|decoded| decoded.fit(image))
}

impl Frame {
    fn read(image: &Image, marker: u8, offset: usize, data: &[u8]) -> Result<Self, DecodeError> {
        let process = match marker {
            marker::SOF0 | marker::SOF1 => Process::Sequential,
            marker::SOF2 => Process::Progressive,
            _ => Process::Lossless,
        };
        let &[precision, y1, y0, x1, x0, count, ref specs @ ..] = data else {
            return Err(malformed(offset, "a short frame header"));
        };
        let (specs, _) = specs.as_chunks::<3>();
        let count = usize::from(count);
        if specs.len() < count || count == 0 {
            return Err(malformed(
                offset,
                format!("{count} components announced, {} described", specs.len()),
            ));
        }
        let (rows, columns) = (u16::from_be_bytes([y1, y0]), u16::from_be_bytes([x1, x0]));
        check_size(CODEC, image, (columns.into(), rows.into(), count as u32))?;
        let known = match process {
            Process::Lossless => (2..=16).contains(&precision),
            _ => matches!(precision, 8 | 12),
        };
        if !known {
            return Err(DecodeError::Unsupported {
                codec: CODEC,
                what: format!("a precision of {precision} bits"),
            });
        }
        if u32::from(precision) > image.allocated.max(8) {
            return Err(DecodeError::Mismatch {
                codec: CODEC,
                found: format!("of {precision} bits a sample"),
                expected: format!("{} bits allocated", image.allocated),
            });
        }
        let factors: Vec<(usize, usize)> = specs[..count]
            .iter()
            .map(|spec| (usize::from(spec[1] >> 4), usize::from(spec[1] & 15)))
            .collect();
        if factors
            .iter()
            .any(|&(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v))
        {
            return Err(malformed(offset, "a sampling factor outside 1 to 4"));
        }
        let h = factors.iter().map(|factor| factor.0).max().unwrap_or(1);
        let v = factors.iter().map(|factor| factor.1).max().unwrap_or(1);
        if process == Process::Lossless && (h, v) != (1, 1) && count > 1 {
            return Err(DecodeError::Unsupported {
                codec: CODEC,
                what: "lossless with subsampling".to_owned(),
            });
        }
        let (rows, columns) = (usize::from(rows), usize::from(columns));
        let components = specs[..count]
            .iter()
            .zip(factors)
            .map(|(&[id, _, quantization], (ch, cv))| Component {
                id,
                h: ch,
                v: cv,
                quantization: usize::from(quantization & 3),
                blocks_wide: (columns * ch).div_ceil(h).div_ceil(8),
                blocks_high: (rows * cv).div_ceil(v).div_ceil(8),
                stride: 0,
                plane: Vec::new(),
                coefficients: Vec::new(),
                dequantize: None,
            })
            .collect();
        let mut frame = Frame {
            process,
            precision: precision.into(),
            columns,
            rows,
            components,
            h,
            v,
        };
        frame.allocate();
        Ok(frame)
    }

    /// Whole MCUs for each component, so that scans need no edge cases.
    fn allocate(&mut self) {
        let (mcus_wide, mcus_high) = self.mcus();
        for component in &mut self.components {
            if self.process == Process::Lossless {
                component.stride = self.columns;
                component.plane = vec![0; self.columns * self.rows];
                continue;
            }
            component.stride = mcus_wide * component.h * 8;
            let samples = component.stride * mcus_high * component.v * 8;
            component.plane = vec![0; samples];
            if self.process == Process::Progressive {
                component.coefficients = vec![0; samples];
            }
        }
    }

    /// How many MCUs of an interleaved scan lie side by side and on top of each other.
    fn mcus(&self) -> (usize, usize) {
        (
            self.columns.div_ceil(8 * self.h),
            self.rows.div_ceil(8 * self.v),
        )
    }

    /// What three components mean. The codestream's own marks win over the data set only where encoders are known to lie:
    /// many write RGB into the data set and YCbCr with a JFIF or Adobe mark into the codestream.
    fn photometric(&self, image: &Image, tables: &Tables) -> Photometric {
        if self.components.len() != 3 {
            return image.photometric;
        }
        let subsampled = self
            .components
            .iter()
            .any(|component| (component.h, component.v) != (self.h, self.v));
        let ids: Vec<u8> = self
            .components
            .iter()
            .map(|component| component.id)
            .collect();
        let claimed = match image.photometric {
            Photometric::Rgb => Photometric::Rgb,
            Photometric::YbrPartial | Photometric::YbrPartial422 | Photometric::YbrPartial420 => {
                Photometric::YbrPartial
            }
            _ => Photometric::YbrFull,
        };
        if self.process == Process::Lossless {
            return claimed;
        }
        match tables.adobe_transform {
            Some(0) => Photometric::Rgb,
            Some(_) if claimed == Photometric::YbrPartial => claimed,
            Some(_) => Photometric::YbrFull,
            None if ids == *b"RGB" => Photometric::Rgb,
            None if claimed == Photometric::YbrPartial => claimed,
            None if tables.jfif || subsampled => Photometric::YbrFull,
            None => claimed,
        }
    }

    fn finish(mut self, photometric: Photometric) -> Result<Decoded, DecodeError> {
        if self.process == Process::Progressive {
            for component in &mut self.components {
                dct::restore(component, self.precision);
            }
        }
        let planes: Vec<Cow<'_, [u16]>> = self
            .components
            .iter()
            .map(|component| upsample::plane(component, &self))
            .collect();
        let narrow = self.precision <= 8;
        let values = match (&planes[..], narrow) {
            ([grey], true) => {
                Values::U8(Cow::Owned(grey.iter().map(|&value| value as u8).collect()))
            }
            ([_], false) => Values::U16(planes.into_iter().next().unwrap_or_default().into_owned()),
            (_, true) => Values::U8(Cow::Owned(weave(&planes, |value| value as u8))),
            (_, false) => Values::U16(weave(&planes, |value| value)),
        };
        Ok(Decoded {
            values,
            precision: self.precision,
            photometric,
        })
    }
}

/// Planes to pixels.
fn weave<T>(planes: &[Cow<'_, [u16]>], cell: impl Fn(u16) -> T) -> Vec<T> {
    let length = planes.first().map_or(0, |plane| plane.len());
    let mut pixels = Vec::with_capacity(length * planes.len());
    if let [a, b, c] = planes {
        for ((&a, &b), &c) in a.iter().zip(b.iter()).zip(c.iter()) {
            pixels.extend([cell(a), cell(b), cell(c)]);
        }
    } else {
        for pixel in 0..length {
            pixels.extend(planes.iter().map(|plane| cell(plane[pixel])));
        }
    }
    pixels
}

impl Tables {
    /// DHT (T.81 B.2.4.2): several tables may share a segment.
    fn read_huffman(&mut self, offset: usize, mut data: &[u8]) -> Result<(), DecodeError> {
        while let Some((&class, rest)) = data.split_first() {
            let Some((lengths, rest)) = rest.split_first_chunk::<16>() else {
                return Err(malformed(offset, "a short Huffman table"));
            };
            let count = lengths
                .iter()
                .map(|&length| usize::from(length))
                .sum::<usize>();
            let Some((symbols, rest)) = rest.split_at_checked(count) else {
                return Err(malformed(
                    offset,
                    format!("a Huffman table of {count} symbols, {} there", rest.len()),
                ));
            };
            let table = Table::new(lengths, symbols).map_err(|what| malformed(offset, what))?;
            let slot = usize::from(class & 15);
            match (class >> 4, slot) {
                (0, 0..4) => self.dc[slot] = Some(table),
                (1, 0..4) => self.ac[slot] = Some(table),
                _ => {
                    return Err(malformed(
                        offset,
                        format!("a Huffman table for slot {class:#04x}"),
                    ));
                }
            }
            data = rest;
        }
        Ok(())
    }

    /// DQT (T.81 B.2.4.1), kept in natural order.
    fn read_quantization(&mut self, offset: usize, mut data: &[u8]) -> Result<(), DecodeError> {
        while let Some((&head, rest)) = data.split_first() {
            let slot = usize::from(head & 15);
            let wide = head >> 4 == 1;
            let length = if wide { 128 } else { 64 };
            let Some((values, rest)) = rest.split_at_checked(length) else {
                return Err(malformed(offset, "a short quantization table"));
            };
            if slot > 3 || head >> 4 > 1 {
                return Err(malformed(
                    offset,
                    format!("a quantization table for slot {head:#04x}"),
                ));
            }
            let mut table = [0; 64];
            for (index, &natural) in dct::ZIGZAG.iter().enumerate() {
                table[usize::from(natural)] = if wide {
                    u16::from_be_bytes([values[2 * index], values[2 * index + 1]])
                } else {
                    u16::from(values[index])
                };
            }
            self.quantization[slot] = Some(table);
            data = rest;
        }
        Ok(())
    }
}

/// One marker with its segment, `data` without the length.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    pub(super) offset: usize,
    pub(super) data: &'a [u8],
}

pub(super) struct Segments<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Segments<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next marker; bytes that belong to none are skipped, as decoders in use do. `None` at the end of the bytes.
    pub(super) fn next(&mut self) -> Result<Option<Segment<'a>>, DecodeError> {
        let bytes = self.bytes;
        loop {
            let Some(skip) = bytes[self.at..].iter().position(|&byte| byte == 0xFF) else {
                return Ok(None);
            };
            let mut at = self.at + skip;
            while bytes.get(at) == Some(&0xFF) {
                at += 1;
            }
            let Some(&marker) = bytes.get(at) else {
                return Ok(None);
            };
            let offset = at - 1;
            self.at = at + 1;
            match marker {
                0 => continue,
                marker::SOI | marker::EOI | marker::TEM | marker::RST0..=marker::RST7 => {
                    return Ok(Some(Segment {
                        marker,
                        offset,
                        data: &[],
                    }));
                }
                _ => {}
            }
            let Some(&[high, low]) = bytes[self.at..].first_chunk::<2>() else {
                return Err(malformed(offset, "a marker at the end without its length"));
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            let data = bytes
                .get(self.at + 2..self.at + length.max(2))
                .ok_or_else(|| {
                    malformed(
                        offset,
                        format!("a segment of {length} bytes runs past the end"),
                    )
                })?;
            self.at += length.max(2);
            return Ok(Some(Segment {
                marker,
                offset,
                data,
            }));
        }
    }
}

fn malformed(offset: usize, what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed {
        codec: CODEC,
        offset,
        what: what.into(),
    }
}
