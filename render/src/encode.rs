//! A picture to PNG, JPEG or GIF, several to one that moves.

mod animation;
mod grey_jpeg;
mod png_file;

pub use animation::Animation;
pub use png_file::MovingPng;

use crate::profile::Profile;
use crate::shown::Shown;

/// A picture, ready to look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The samples, row by row from the top left, no padding.
    pub pixels: Pixels,
    /// What it shows, and how.
    pub shown: Shown,
    /// What its colours mean, where that was asked for; goes into PNG and JPEG files.
    pub profile: Option<Profile>,
}

/// The samples of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pixels {
    /// One byte a pixel, 0 black.
    Grey8(Vec<u8>),
    /// Sixteen bits a pixel, 0 black. Only PNG keeps them; other files get the upper eight.
    Grey16(Vec<u16>),
    /// Red, green, blue.
    Rgb8(Vec<u8>),
}

/// Why a picture cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// JPEG holds 1 to 65,535 pixels an edge.
    #[error("a picture of {width} x {height} pixels does not fit into a JPEG")]
    TooLargeForJpeg {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// GIF holds at most 65,535 pixels an edge.
    #[error("a picture of {width} x {height} pixels does not fit into a GIF")]
    TooLargeForGif {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// All pictures of an animation have the size and the kind of samples of the first one.
    #[error("a picture of {width} x {height} pixels in an animation of another size or kind")]
    OtherSize {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
    },
    /// The GIF encoder refused.
    #[error("gif: {0}")]
    Gif(#[from] gif::EncodingError),
    /// The PNG encoder refused.
    #[error("png: {0}")]
    Png(#[from] png::EncodingError),
    /// The JPEG encoder refused.
    #[error("jpeg: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
}

impl Picture {
    /// A picture without a profile.
    pub fn of(width: u32, height: u32, pixels: Pixels, shown: Shown) -> Self {
        Self {
            width,
            height,
            pixels,
            shown,
            profile: None,
        }
    }

    /// The picture as a PNG file, of 16 bits where it has them.
    pub fn png(&self) -> Result<Vec<u8>, EncodeError> {
        png_file::still(self)
    }

    /// The picture as a GIF file of 256 colours: greys are kept, other colours are the nearest of a palette made for the picture.
    pub fn gif(&self) -> Result<Vec<u8>, EncodeError> {
        let mut animation = Animation::still(self)?;
        animation.push(self)?;
        animation.finish()
    }

    /// The picture as a JPEG file of `quality` 1 (smallest) to 100 (best); other values are taken as the nearest of these.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>, EncodeError> {
        let too_large = || EncodeError::TooLargeForJpeg {
            width: self.width,
            height: self.height,
        };
        let width = u16::try_from(self.width).map_err(|_| too_large())?;
        let height = u16::try_from(self.height).map_err(|_| too_large())?;
        if width == 0 || height == 0 {
            return Err(too_large());
        }
        let samples = match &self.pixels {
            Pixels::Grey8(levels) => return Ok(grey_jpeg::encode(levels, width, height, quality)),
            Pixels::Grey16(levels) => {
                let levels = upper_bytes(levels);
                return Ok(grey_jpeg::encode(&levels, width, height, quality));
            }
            Pixels::Rgb8(samples) => samples,
        };
        let mut out = Vec::with_capacity(samples.len() / 4 + 1024);
        let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality.clamp(1, 100));
        if let Some(profile) = &self.profile {
            encoder.add_icc_profile(profile.bytes())?;
        }
        encoder.encode(samples, width, height, jpeg_encoder::ColorType::Rgb)?;
        Ok(out)
    }
}

/// Sixteen bits to the upper eight.
fn upper_bytes(samples: &[u16]) -> Vec<u8> {
    samples.iter().map(|&sample| (sample >> 8) as u8).collect()
}
