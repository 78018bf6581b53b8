//! A picture to PNG, JPEG or GIF, several to one that moves.

mod animation;

pub use animation::Animation;

use crate::shown::Shown;

/// A picture of 8 bits a sample, ready to look at.
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
}

/// The samples of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pixels {
    /// One byte a pixel, 0 black.
    Grey8(Vec<u8>),
    /// Red, green, blue.
    Rgb8(Vec<u8>),
}

/// Why a picture cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// JPEG holds at most 65,535 pixels an edge.
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
    /// All pictures of an animation have the size of the first one.
    #[error("a picture of {width} x {height} pixels in an animation of another size")]
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
    /// The picture as a PNG file.
    pub fn png(&self) -> Result<Vec<u8>, EncodeError> {
        let (samples, color) = match &self.pixels {
            Pixels::Grey8(samples) => (samples, png::ColorType::Grayscale),
            Pixels::Rgb8(samples) => (samples, png::ColorType::Rgb),
        };
        let mut out = Vec::with_capacity(samples.len() / 2 + 1024);
        let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_filter(png::Filter::Up);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(samples)?;
        writer.finish()?;
        Ok(out)
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
        let (samples, color) = match &self.pixels {
            Pixels::Grey8(samples) => (samples, jpeg_encoder::ColorType::Luma),
            Pixels::Rgb8(samples) => (samples, jpeg_encoder::ColorType::Rgb),
        };
        let mut out = Vec::with_capacity(samples.len() / 4 + 1024);
        jpeg_encoder::Encoder::new(&mut out, quality.clamp(1, 100))
            .encode(samples, width, height, color)?;
        Ok(out)
    }
}
