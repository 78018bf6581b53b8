//! One frame of an image: which bytes it is, its samples, its picture.

use std::borrow::Cow;

use dicom_object::{DefaultDicomObject, InMemDicomObject};

use crate::encode::Picture;
use crate::viewport::Viewport;
use crate::window::Window;

/// How a frame is to be shown. The default shows all of it, at its own size, with the window that the data set asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The window to use instead of the data set's own (PS3.18 8.3.5.1.4); colour images ignore it and say so.
    pub window: Option<Window>,
    /// The region to show and the box to fit it into (PS3.18 8.3.5.1.3).
    pub viewport: Option<Viewport>,
    /// The longest edge of the picture in pixels: larger ones are scaled down, smaller ones stay.
    pub max_edge: Option<u32>,
    /// The most pixels (rows times columns) that a frame may have; more is [`RenderError::TooLarge`].
    pub max_pixels: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window: None,
            viewport: None,
            max_edge: None,
            max_pixels: MAX_PIXELS,
        }
    }
}

/// The default of [`Options::max_pixels`], and the limit of [`native`]: a frame of 16,384 x 16,384.
pub const MAX_PIXELS: u64 = 1 << 28;

/// Decoded samples of one frame, as an Explicit VR Little Endian data set would hold them, with the attributes that
/// describe them (PS3.3 C.7.6.3): what a transcoder writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeFrame {
    /// Rows (0028,0010).
    pub rows: u16,
    /// Columns (0028,0011).
    pub columns: u16,
    /// Samples per Pixel (0028,0002).
    pub samples_per_pixel: u16,
    /// Bits Allocated (0028,0100): 1, 8, 16 or 32.
    pub bits_allocated: u16,
    /// Bits Stored (0028,0101).
    pub bits_stored: u16,
    /// High Bit (0028,0102).
    pub high_bit: u16,
    /// Pixel Representation (0028,0103): 1 for signed.
    pub pixel_representation: u16,
    /// Photometric Interpretation (0028,0004) of `data`: differs from the data set's where the decoder undoes a colour
    /// transform, as YBR_ICT of JPEG 2000 becoming RGB (PS3.5 8.2.4).
    pub photometric_interpretation: String,
    /// Planar Configuration (0028,0006) of `data`; 0 where there is one sample per pixel.
    pub planar_configuration: u16,
    /// The samples, little endian, without padding to even length.
    pub data: Vec<u8>,
}

/// Why a frame cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The data set has no Pixel Data (7FE0,0010) and no float form of it.
    #[error("the data set has no pixel data")]
    NoPixelData,
    /// There is no such frame; frames count from 1.
    #[error("frame {frame} is not there: the object has {frames} frame(s), counted from 1")]
    NoSuchFrame {
        /// The frame asked for.
        frame: u32,
        /// How many there are.
        frames: u32,
    },
    /// An attribute without which pixels have no meaning is absent.
    #[error("the image lacks {0}")]
    Missing(&'static str),
    /// An attribute has a value that no image can have or that this version does not know.
    #[error("{attribute} is {value}, which cannot be shown")]
    Invalid {
        /// Keyword of the attribute.
        attribute: &'static str,
        /// Its value.
        value: String,
    },
    /// The pixels are encoded in a way that nothing here decodes.
    #[error("pixels in transfer syntax {0} cannot be decoded")]
    TransferSyntax(String),
    /// More pixels than allowed.
    #[error("{columns} x {rows} pixels are more than the limit of {limit}")]
    TooLarge {
        /// Columns of the image or picture.
        columns: u64,
        /// Rows of the image or picture.
        rows: u64,
        /// The limit.
        limit: u64,
    },
}

/// How many frames the object has: Number of Frames (0028,0008), else 1 where there is pixel data, else 0.
pub fn frames(attributes: &InMemDicomObject) -> u32 {
    let _ = attributes;
    0
}

/// The bytes of frame `frame` (from 1): a slice of native pixel data in the byte order of the transfer syntax, or the joined
/// fragments of one codestream.
///
/// Reads the Basic and the Extended Offset Table (PS3.5 A.4, PS3.3 C.7.6.3.1.8) where they hold, and finds the frames by
/// the fragments otherwise.
pub fn bytes_of(object: &DefaultDicomObject, frame: u32) -> Result<Cow<'_, [u8]>, RenderError> {
    let _ = (object, frame);
    Err(RenderError::NoPixelData)
}

/// The picture of one frame: `frame_bytes` is what [`bytes_of`] gives, `frame` (from 1) chooses the functional groups.
///
/// Grey images go through modality LUT, VOI LUT and presentation LUT (PS3.3 C.11, PS3.4 N.2); palette and YBR colours become
/// RGB. `attributes` need not hold the pixel data.
pub fn render(
    attributes: &InMemDicomObject,
    transfer_syntax: &str,
    frame_bytes: &[u8],
    frame: u32,
    options: &Options,
) -> Result<Picture, RenderError> {
    let _ = (attributes, frame_bytes, frame, options);
    Err(RenderError::TransferSyntax(transfer_syntax.to_owned()))
}

/// The decoded samples of one frame, with no LUT applied: for transcoding to Explicit VR Little Endian.
pub fn native(
    attributes: &InMemDicomObject,
    transfer_syntax: &str,
    frame_bytes: &[u8],
    frame: u32,
) -> Result<NativeFrame, RenderError> {
    let _ = (attributes, frame_bytes, frame);
    Err(RenderError::TransferSyntax(transfer_syntax.to_owned()))
}
