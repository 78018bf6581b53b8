//! PNG files, of 8 and 16 bits, still and moving (APNG).

use std::borrow::Cow;
use std::time::Duration;

use super::{EncodeError, Picture, Pixels};

/// How samples lie in a PNG.
#[derive(Clone, Copy, PartialEq)]
struct Kind {
    color: png::ColorType,
    depth: png::BitDepth,
}

impl Kind {
    fn of(pixels: &Pixels) -> Self {
        let (color, depth) = match pixels {
            Pixels::Grey8(_) => (png::ColorType::Grayscale, png::BitDepth::Eight),
            Pixels::Grey16(_) => (png::ColorType::Grayscale, png::BitDepth::Sixteen),
            Pixels::Rgb8(_) => (png::ColorType::Rgb, png::BitDepth::Eight),
        };
        Self { color, depth }
    }
}

/// Samples as they lie in the file: the most significant byte first.
fn bytes(pixels: &Pixels) -> Cow<'_, [u8]> {
    match pixels {
        Pixels::Grey8(samples) | Pixels::Rgb8(samples) => Cow::Borrowed(samples),
        Pixels::Grey16(samples) => Cow::Owned(
            samples
                .iter()
                .map(|sample| sample.to_be_bytes())
                .collect::<Vec<_>>()
                .into_flattened(),
        ),
    }
}

/// A still file: quickly made, as pictures are looked at once.
pub(super) fn still(picture: &Picture) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(bytes(&picture.pixels).len() / 2 + 1024);
    let mut file = png::Info::with_size(picture.width, picture.height);
    let kind = Kind::of(&picture.pixels);
    (file.color_type, file.bit_depth) = (kind.color, kind.depth);
    if let Some(profile) = &picture.profile {
        file.icc_profile = Some(Cow::Borrowed(profile.bytes()));
    }
    let mut encoder = png::Encoder::with_info(&mut out, file)?;
    encoder.set_compression(png::Compression::Fast);
    encoder.set_filter(png::Filter::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&bytes(&picture.pixels))?;
    writer.finish()?;
    Ok(out)
}

/// An animated PNG in the making. All pictures are held until the end, as their number stands before them.
pub struct MovingPng {
    pictures: Vec<Picture>,
    delay: Duration,
}

impl MovingPng {
    /// An animation that shows each picture for so long, over and over again.
    pub fn new(delay: Duration) -> Self {
        Self {
            pictures: Vec::new(),
            delay,
        }
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// A picture of another size or kind than the first one.
    pub fn push(&mut self, picture: Picture) -> Result<(), EncodeError> {
        let shape = |it: &Picture| (it.width, it.height, Kind::of(&it.pixels));
        if self
            .pictures
            .first()
            .is_some_and(|first| shape(first) != shape(&picture))
        {
            let Picture { width, height, .. } = picture;
            return Err(EncodeError::OtherSize { width, height });
        }
        self.pictures.push(picture);
        Ok(())
    }

    /// The file; of one picture a still one.
    ///
    /// # Errors
    /// No picture at all, or what the encoder refuses.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        let Some(first) = self.pictures.first() else {
            return Err(EncodeError::OtherSize {
                width: 0,
                height: 0,
            });
        };
        if self.pictures.len() == 1 {
            return still(first);
        }
        let mut out = Vec::new();
        let kind = Kind::of(&first.pixels);
        let mut encoder = png::Encoder::new(&mut out, first.width, first.height);
        encoder.set_color(kind.color);
        encoder.set_depth(kind.depth);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Up);
        encoder.set_animated(self.pictures.len() as u32, 0)?;
        let milliseconds = self.delay.as_millis().clamp(1, u128::from(u16::MAX)) as u16;
        encoder.set_frame_delay(milliseconds, 1000)?;
        let mut writer = encoder.write_header()?;
        for picture in &self.pictures {
            writer.write_image_data(&bytes(&picture.pixels))?;
        }
        writer.finish()?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{ColourSpace, Profile};
    use crate::shown::Shown;

    fn picture(pixels: Pixels) -> Picture {
        Picture::of(2, 2, pixels, Shown::drawing(2, 2))
    }

    fn read(file: &[u8]) -> (png::Reader<std::io::Cursor<&[u8]>>, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file))
            .read_info()
            .unwrap();
        let mut samples = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut samples).unwrap();
        (reader, samples)
    }

    #[test]
    fn sixteen_bits_are_kept() {
        let file = picture(Pixels::Grey16(vec![0, 1, 0x1234, 0xFFFF]))
            .png()
            .unwrap();
        let (reader, samples) = read(&file);
        assert_eq!(reader.info().bit_depth, png::BitDepth::Sixteen);
        assert_eq!(samples, [0, 0, 0, 1, 0x12, 0x34, 0xFF, 0xFF]);
    }

    #[test]
    fn a_profile_goes_with_the_colours() {
        let mut picture = picture(Pixels::Rgb8(vec![7; 12]));
        picture.profile = Some(Profile::of(ColourSpace::Srgb).unwrap());
        let file = picture.png().unwrap();
        let (reader, _) = read(&file);
        let found = reader.info().icc_profile.as_deref().unwrap();
        assert_eq!(found, picture.profile.as_ref().unwrap().bytes());
        let jpeg = picture.jpeg(90).unwrap();
        assert!(jpeg.windows(11).any(|bytes| bytes == b"ICC_PROFILE"));
    }

    #[test]
    fn pictures_follow_each_other() {
        let mut moving = MovingPng::new(Duration::from_millis(40));
        for level in [10, 20, 30] {
            moving.push(picture(Pixels::Grey8(vec![level; 4]))).unwrap();
        }
        let refused = moving.push(picture(Pixels::Rgb8(vec![0; 12])));
        assert!(refused.is_err());
        let file = moving.finish().unwrap();
        let (mut reader, samples) = read(&file);
        assert_eq!(reader.info().animation_control.unwrap().num_frames, 3);
        assert_eq!(samples, [10; 4]);
        let mut next = vec![0; 4];
        reader.next_frame(&mut next).unwrap();
        assert_eq!(next, [20; 4]);
        let control = reader.info().frame_control.unwrap();
        assert_eq!((control.delay_num, control.delay_den), (40, 1000));
    }
}
