//! One frame of an image: which bytes it is, its samples, its picture.

mod compose;

use std::borrow::Cow;

use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject};

use crate::decode::{self, DecodeError, Samples, Values};
use crate::encode::Picture;
use crate::fragments;
use crate::grey::Cell;
use crate::image::{self, Image};
use crate::layer::Layer;
use crate::presentation::Presentation;
use crate::shown::{Grey, Shown};
use crate::viewport::Viewport;
use crate::voi::Voi;
use crate::window::Window;

/// How a frame is to be shown. The default shows all of it, at its own size, with the window that the data set asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The window to use instead of the data set's own (PS3.18 8.3.5.1.4); colour images ignore it and say so.
    pub window: Option<Window>,
    /// How the grey values are chosen where `window` is not given.
    pub voi: Voi,
    /// The region to show and the box to fit it into (PS3.18 8.3.5.1.3).
    pub viewport: Option<Viewport>,
    /// The longest edge of the picture in pixels: larger ones are scaled down, smaller ones stay.
    pub max_edge: Option<u32>,
    /// Whether overlay planes and the shutter of the image are drawn.
    pub graphics: Graphics,
    /// What becomes of pixels that are not square.
    pub pixels: PixelAspect,
    /// How many levels a grey picture has.
    pub depth: Depth,
    /// The most pixels (rows times columns) that a frame may have; more is [`RenderError::TooLarge`].
    pub max_pixels: u64,
}

/// Overlay planes (PS3.3 C.9.2) and display shutters (PS3.3 C.7.6.11) of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Graphics {
    /// Overlays are drawn in white, what a shutter covers is black.
    #[default]
    Drawn,
    /// The pixels alone.
    Hidden,
}

/// What becomes of pixels that are not square (PS3.3 C.7.6.3.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PixelAspect {
    /// The picture is stretched along one axis, so that a circle is a circle.
    #[default]
    Square,
    /// One pixel of the image is one of the picture.
    AsStored,
}

/// Bits of a grey picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// 256 levels.
    #[default]
    Eight,
    /// 65,536 levels; colours keep eight bits.
    Sixteen,
}

/// What else goes into a picture besides the image.
#[derive(Debug, Clone, Copy, Default)]
pub struct With<'a> {
    /// How somebody wanted the image to be seen; it takes the place of the image's own windows and LUTs.
    pub presentation: Option<&'a Presentation>,
    /// Colours over the image, the last on top. Each has the size of the image.
    pub layers: &'a [Layer],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            window: None,
            voi: Voi::default(),
            viewport: None,
            max_edge: None,
            graphics: Graphics::default(),
            pixels: PixelAspect::default(),
            depth: Depth::default(),
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
    /// The bytes of the frame are not among the pixel data.
    #[error("frame {frame} of {frames} is not found: {why}")]
    FrameNotFound {
        /// The frame asked for.
        frame: u32,
        /// How many there should be.
        frames: u32,
        /// What is wrong with the pixel data.
        why: String,
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
    /// The region of a viewport shows nothing of the image.
    #[error("the viewport's region lies outside the image of {columns} x {rows} pixels")]
    OutsideImage {
        /// Columns of the image.
        columns: u32,
        /// Rows of the image.
        rows: u32,
    },
    /// A layer has another size than the image.
    #[error("the layer {name:?} is {columns} x {rows} pixels, not the size of the image")]
    OtherSize {
        /// Its name.
        name: String,
        /// Its columns.
        columns: u32,
        /// Its rows.
        rows: u32,
    },
    /// The bytes are not what the data set promises.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Whether pixels in this transfer syntax can be decoded here, as far as that depends on the syntax alone.
pub fn decodes(transfer_syntax: &str) -> bool {
    decode::Codec::of(transfer_syntax).is_ok()
}

/// How many frames the object has: Number of Frames (0028,0008), 1 where it has none but is an image, else 0.
pub fn frames(attributes: &InMemDicomObject) -> u32 {
    let is_image = attributes.get(tags::ROWS).is_some();
    if is_image {
        image::frames(attributes)
    } else {
        0
    }
}

/// The bytes of frame `frame` (from 1): a slice of native pixel data in the byte order of the transfer syntax, or the joined
/// fragments of one codestream. A frame of single bits is moved to begin with the first bit of a byte.
///
/// Reads the Basic and the Extended Offset Table (PS3.5 A.4, PS3.3 C.7.6.3.1.8) where they hold, and finds the frames by
/// the fragments otherwise.
pub fn bytes_of(object: &DefaultDicomObject, frame: u32) -> Result<Cow<'_, [u8]>, RenderError> {
    fragments::bytes_of(object, object.meta().transfer_syntax(), frame, MAX_PIXELS)
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
    let with = With::default();
    render_with(
        attributes,
        transfer_syntax,
        frame_bytes,
        frame,
        options,
        &with,
    )
}

/// As [`render`], with a presentation state and colours of other objects.
pub fn render_with(
    attributes: &InMemDicomObject,
    transfer_syntax: &str,
    frame_bytes: &[u8],
    frame: u32,
    options: &Options,
    with: &With<'_>,
) -> Result<Picture, RenderError> {
    let image = Image::read(attributes, options.max_pixels)?;
    image.check_frame(frame)?;
    for layer in with.layers {
        if (layer.columns, layer.rows) != (image.columns, image.rows)
            || layer.pixels.len() != image.pixels()
        {
            return Err(RenderError::OtherSize {
                name: layer.name.clone(),
                columns: layer.columns,
                rows: layer.rows,
            });
        }
    }
    let plan = compose::Plan::of(attributes, &image, frame, options, with)?;
    let samples = decode::decode(&image, transfer_syntax, frame_bytes)?;
    let shown = Shown {
        frame,
        frames: image.frames,
        columns: image.columns,
        rows: image.rows,
        grey: Grey::Colour,
        inverted: false,
        notes: Vec::new(),
    };
    let source = compose::Source {
        attributes,
        image: &image,
        frame,
        options,
        with,
    };
    plan.picture(&source, samples, shown)
}

/// The decoded samples of one frame, with no LUT applied: for transcoding to Explicit VR Little Endian.
pub fn native(
    attributes: &InMemDicomObject,
    transfer_syntax: &str,
    frame_bytes: &[u8],
    frame: u32,
) -> Result<NativeFrame, RenderError> {
    let image = Image::read(attributes, MAX_PIXELS)?;
    image.check_frame(frame)?;
    let samples = decode::decode(&image, transfer_syntax, frame_bytes)?;
    let photometric = samples.photometric;
    let data = match image.allocated {
        // Still packed: what was unpacked is put together again, with no junk after the last pixel.
        1 => pack(&samples),
        _ => little_endian(&image, samples),
    };
    Ok(NativeFrame {
        rows: image.rows as u16,
        columns: image.columns as u16,
        samples_per_pixel: image.samples as u16,
        bits_allocated: image.allocated as u16,
        bits_stored: image.stored as u16,
        high_bit: image.high as u16,
        pixel_representation: image.signed.into(),
        photometric_interpretation: photometric.term().to_owned(),
        planar_configuration: 0,
        data,
    })
}

fn pack(samples: &Samples<'_>) -> Vec<u8> {
    let Values::U8(values) = &samples.values else {
        return Vec::new();
    };
    values
        .chunks(8)
        .map(|bits| {
            bits.iter()
                .rev()
                .fold(0, |byte, &bit| byte << 1 | (bit & 1))
        })
        .collect()
}

/// Samples in cells of Bits Allocated. Codecs give cells as wide as their precision, so a sign is carried up; junk above
/// the stored bits is cleared. Bits below them are left, as nobody can tell what they are.
fn little_endian(image: &Image, samples: Samples<'_>) -> Vec<u8> {
    let cell = Cell::of(image, &samples);
    let as_is = samples.stored == image.allocated || cell.shift > 0;
    let value = |bits: u32| if as_is { bits } else { cell.value(bits) as u32 };
    match samples.values {
        Values::U8(values) if as_is && image.allocated == 8 => values.into_owned(),
        Values::U8(values) => cells(
            values.iter().map(|&bits| value(bits.into())),
            image.allocated,
        ),
        Values::U16(values) => cells(
            values.iter().map(|&bits| value(bits.into())),
            image.allocated,
        ),
        Values::U32(values) => cells(values.iter().map(|&bits| value(bits)), image.allocated),
        Values::F32(values) => values
            .iter()
            .map(|value| value.to_le_bytes())
            .collect::<Vec<_>>()
            .into_flattened(),
        Values::F64(values) => values
            .iter()
            .map(|value| value.to_le_bytes())
            .collect::<Vec<_>>()
            .into_flattened(),
    }
}

fn cells(values: impl Iterator<Item = u32>, allocated: u32) -> Vec<u8> {
    match allocated {
        8 => values.map(|value| value as u8).collect(),
        16 => values
            .map(|value| (value as u16).to_le_bytes())
            .collect::<Vec<_>>()
            .into_flattened(),
        _ => values
            .map(u32::to_le_bytes)
            .collect::<Vec<_>>()
            .into_flattened(),
    }
}
