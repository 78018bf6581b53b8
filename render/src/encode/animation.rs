//! Pictures that follow each other, as an animated GIF.

use std::time::Duration;

use gif::{Encoder, Frame, Repeat};

use super::{EncodeError, Picture, Pixels};

/// How carefully a palette is made, 1 best to 30 fastest.
const PALETTE_SPEED: i32 = 10;

/// A GIF in the making. One picture is held at a time.
pub struct Animation {
    encoder: Encoder<Vec<u8>>,
    width: u16,
    height: u16,
    delay: u16,
}

impl Animation {
    /// An animation of the size of this picture, each shown for so long (in steps of 10 ms), over and over again.
    ///
    /// # Errors
    /// A picture with an edge of more than 65,535 pixels.
    pub fn like(picture: &Picture, delay: Duration) -> Result<Self, EncodeError> {
        let mut animation = Self::still(picture)?;
        animation.encoder.set_repeat(Repeat::Infinite)?;
        let steps = (delay.as_millis() / 10).clamp(1, u128::from(u16::MAX));
        animation.delay = steps as u16;
        Ok(animation)
    }

    /// A file for one picture.
    pub(super) fn still(picture: &Picture) -> Result<Self, EncodeError> {
        let (width, height) = (picture.width, picture.height);
        let edge = |pixels| {
            u16::try_from(pixels).map_err(|_| EncodeError::TooLargeForGif { width, height })
        };
        let (width, height) = (edge(width)?, edge(height)?);
        let greys: Vec<u8> = (0..=255).flat_map(|grey| [grey; 3]).collect();
        Ok(Self {
            encoder: Encoder::new(Vec::new(), width, height, &greys)?,
            width,
            height,
            delay: 0,
        })
    }

    /// Adds a picture.
    ///
    /// # Errors
    /// A picture of another size than the first one.
    pub fn push(&mut self, picture: &Picture) -> Result<(), EncodeError> {
        let (width, height) = (picture.width, picture.height);
        if (width, height) != (self.width.into(), self.height.into()) {
            return Err(EncodeError::OtherSize { width, height });
        }
        let mut frame = match &picture.pixels {
            // The palette of the file has all greys in order, so that a sample is its own index.
            Pixels::Grey8(samples) => Frame {
                width: self.width,
                height: self.height,
                buffer: samples.as_slice().into(),
                ..Frame::default()
            },
            Pixels::Grey16(samples) => Frame {
                width: self.width,
                height: self.height,
                buffer: super::upper_bytes(samples).into(),
                ..Frame::default()
            },
            Pixels::Rgb8(samples) => {
                Frame::from_rgb_speed(self.width, self.height, samples, PALETTE_SPEED)
            }
        };
        frame.delay = self.delay;
        self.encoder.write_frame(&frame)?;
        Ok(())
    }

    /// The file.
    ///
    /// # Errors
    /// None that memory could give.
    pub fn finish(self) -> Result<Vec<u8>, EncodeError> {
        self.encoder.into_inner().map_err(EncodeError::Gif)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::Shown;

    fn picture(pixels: Pixels) -> Picture {
        Picture::of(16, 16, pixels, Shown::drawing(16, 16))
    }

    fn frames(file: &[u8]) -> Vec<(u16, Vec<u8>)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(file).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            frames.push((frame.delay, frame.buffer.to_vec()));
        }
        frames
    }

    #[test]
    fn every_grey_is_kept() {
        let greys: Vec<u8> = (0..=255).collect();
        let file = picture(Pixels::Grey8(greys.clone())).gif().unwrap();
        let frames = frames(&file);
        assert_eq!(frames.len(), 1);
        let back: Vec<u8> = frames[0].1.chunks(4).map(|pixel| pixel[0]).collect();
        assert_eq!(back, greys);
    }

    #[test]
    fn pictures_follow_each_other_at_their_pace() {
        let dark = picture(Pixels::Grey8(vec![10; 256]));
        let red = picture(Pixels::Rgb8([200, 0, 0].repeat(256)));
        let mut animation = Animation::like(&dark, Duration::from_millis(40)).unwrap();
        animation.push(&dark).unwrap();
        animation.push(&red).unwrap();
        let frames = frames(&animation.finish().unwrap());
        assert_eq!(
            frames.iter().map(|frame| frame.0).collect::<Vec<_>>(),
            [4, 4]
        );
        assert_eq!(frames[0].1[..4], [10, 10, 10, 255]);
        assert_eq!(frames[1].1[..4], [200, 0, 0, 255]);
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let first = picture(Pixels::Grey8(vec![0; 256]));
        let other = Picture {
            width: 8,
            height: 32,
            ..first.clone()
        };
        let mut animation = Animation::like(&first, Duration::ZERO).unwrap();
        let refused = animation.push(&other).unwrap_err().to_string();
        assert!(refused.contains("8 x 32"), "{refused}");
    }
}
