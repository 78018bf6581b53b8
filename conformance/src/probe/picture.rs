//! Pictures of rendered resources, read by decoders that have nothing in common with the encoders of our archive.

use std::io::Cursor;

use bytes::Bytes;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::outcome::{Finding, Verdict};

/// The largest picture that is decoded, in pixels.
const PIXEL_LIMIT: u64 = 64 * 1024 * 1024;
/// The largest GIF memory, in bytes.
const GIF_LIMIT: u64 = 256 * 1024 * 1024;

/// A picture file's format, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// GIF.
    Gif,
}

/// A decoded picture, red, green and blue a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its file's format.
    pub format: Format,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// How many pictures are in the file; the first one is decoded.
    pub count: usize,
    samples: Vec<u8>,
}

impl Format {
    /// The format of a file.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn media(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
        }
    }
}

impl Picture {
    /// Decodes a file.
    ///
    /// # Errors
    /// A failure if it is none of the formats, or broken.
    pub fn read(bytes: &Bytes) -> Verdict<Self> {
        let broken = |error: &dyn std::fmt::Display| {
            Finding::fail(format!("a picture that cannot be decoded: {error}"))
        };
        match Format::of(bytes) {
            Some(Format::Jpeg) => jpeg(bytes).map_err(|error| broken(&error)),
            Some(Format::Png) => png(bytes).map_err(|error| broken(&error)),
            Some(Format::Gif) => gif(bytes).map_err(|error| broken(&error)),
            None => Err(Finding::fail(format!(
                "{} bytes that are no JPEG, PNG or GIF",
                bytes.len()
            ))),
        }
    }

    /// The pixel in this column and row.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let at = (y * self.width + x) * 3;
        [self.samples[at], self.samples[at + 1], self.samples[at + 2]]
    }

    /// The pixel's shade, if the picture is grey; its green otherwise.
    pub fn shade(&self, x: usize, y: usize) -> u8 {
        self.at(x, y)[1]
    }

    /// Width and height of the smallest rectangle around all bright pixels.
    pub fn bright_area(&self) -> (usize, usize) {
        let is_bright = |&(x, y): &(usize, usize)| self.shade(x, y) > 100;
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let bright: Vec<_> = places.filter(is_bright).collect();
        let extent = |along: fn(&(usize, usize)) -> usize| {
            let ends = (
                bright.iter().map(along).min(),
                bright.iter().map(along).max(),
            );
            ends.0
                .zip(ends.1)
                .map_or(0, |(first, last)| last - first + 1)
        };
        (extent(|place| place.0), extent(|place| place.1))
    }

    /// `64 x 48`.
    pub fn size(&self) -> String {
        format!("{} x {}", self.width, self.height)
    }

    /// The first pixel that is farther than so much from what it should be, in words; for grey pictures.
    pub fn off_by_more_than(
        &self,
        tolerance: f64,
        expected: impl Fn(usize, usize) -> f64,
    ) -> Option<String> {
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        for (x, y) in places {
            let (want, got) = (expected(x, y), self.at(x, y));
            let is_off = |&sample: &u8| (f64::from(sample) - want).abs() > tolerance;
            if got.iter().any(is_off) {
                return Some(format!(
                    "{got:?} in column {x} of row {y}, where {want:.1} is due"
                ));
            }
        }
        None
    }

    fn new(
        format: Format,
        width: u64,
        height: u64,
        count: usize,
        samples: Vec<u8>,
    ) -> Option<Self> {
        let pixels = width * height;
        (pixels > 0 && samples.len() as u64 == pixels * 3).then_some(Self {
            format,
            width: width as usize,
            height: height as usize,
            count,
            samples,
        })
    }
}

/// Process and precision of a JPEG file, from its frame header: `(0xC0, 8)` is baseline.
pub fn jpeg_frame(bytes: &[u8]) -> Option<(u8, u8)> {
    let mut at = 2;
    loop {
        let &[0xFF, marker, high, low] = bytes.get(at..at + 4)? else {
            return None;
        };
        match marker {
            0xFF => at += 1,
            0xC4 | 0xC8 | 0xCC => at += 2 + usize::from(u16::from_be_bytes([high, low])),
            0xC0..=0xCF => return Some((marker, *bytes.get(at + 4)?)),
            0xDA | 0xD9 => return None,
            _ => at += 2 + usize::from(u16::from_be_bytes([high, low])),
        }
    }
}

fn jpeg(bytes: &Bytes) -> Result<Picture, String> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes.as_ref()), options);
    decoder
        .decode_headers()
        .map_err(|error| error.to_string())?;
    let (width, height) = decoder.dimensions().ok_or("no size")?;
    let (width, height) = (width as u64, height as u64);
    bounded(width, height)?;
    let samples = decoder.decode().map_err(|error| error.to_string())?;
    Picture::new(Format::Jpeg, width, height, 1, samples).ok_or_else(|| "too few samples".into())
}

fn png(bytes: &Bytes) -> Result<Picture, String> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
    let (width, height) = (reader.info().width.into(), reader.info().height.into());
    bounded(width, height)?;
    let mut samples = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let frame = reader
        .next_frame(&mut samples)
        .map_err(|error| error.to_string())?;
    samples.truncate(frame.buffer_size());
    let channels = frame.color_type.samples();
    let colored = samples
        .chunks_exact(channels)
        .flat_map(|pixel| match pixel {
            [grey] | [grey, _] => [*grey; 3],
            [red, green, blue, ..] => [*red, *green, *blue],
            [] => [0; 3],
        });
    Picture::new(Format::Png, width, height, 1, colored.collect())
        .ok_or_else(|| "too few samples".into())
}

fn gif(bytes: &Bytes) -> Result<Picture, String> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    if let Some(limit) = std::num::NonZeroU64::new(GIF_LIMIT) {
        options.set_memory_limit(gif::MemoryLimit::Bytes(limit));
    }
    let mut decoder = options
        .read_info(Cursor::new(bytes))
        .map_err(|error| error.to_string())?;
    let (width, height) = (decoder.width().into(), decoder.height().into());
    bounded(width, height)?;
    let mut first = None;
    let mut count = 0;
    while let Some(frame) = decoder
        .read_next_frame()
        .map_err(|error| error.to_string())?
    {
        count += 1;
        if first.is_none() {
            let pixels = frame.buffer.chunks_exact(4);
            first = Some(
                pixels
                    .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
                    .collect(),
            );
        }
    }
    Picture::new(Format::Gif, width, height, count, first.unwrap_or_default())
        .ok_or_else(|| "a first frame that does not fill the picture".into())
}

fn bounded(width: u64, height: u64) -> Result<(), String> {
    match width * height <= PIXEL_LIMIT {
        true => Ok(()),
        false => Err(format!("{width} x {height} pixels")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::codestream::JPEG_BASELINE;

    #[test]
    fn a_jpeg_is_read_with_its_process() {
        let bytes = Bytes::from_static(JPEG_BASELINE.bytes);
        let picture = Picture::read(&bytes).unwrap();
        assert_eq!(
            (picture.format, picture.width, picture.height),
            (Format::Jpeg, 32, 24)
        );
        let due = |x, y| (x * 6 + y * 2) as f64;
        assert_eq!(picture.off_by_more_than(8.0, due), None);
        assert_eq!(jpeg_frame(&bytes), Some((0xC0, 8)));
    }

    #[test]
    fn what_is_no_picture_is_a_failure() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"\x89PNG",
            b"\xFF\xD8\xFF\xD9",
            b"<html>",
        ] {
            assert!(Picture::read(&Bytes::copy_from_slice(bytes)).is_err());
        }
    }
}
