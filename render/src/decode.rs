//! The bytes of a frame to samples, by transfer syntax.
//!
//! Every decoder gets the size that the data set claims, compares it with what the codestream claims before it allocates,
//! and gives samples one after the other (never planes), in a container at least as wide as their precision.

pub(crate) mod jpeg;
pub(crate) mod jpeg2000;
pub(crate) mod jpegls;
pub(crate) mod jpegxl;
pub(crate) mod native;
pub(crate) mod rle;

use std::borrow::Cow;
use std::io::Read;

use dicom_dictionary_std::uids;

use crate::frame::RenderError;
use crate::image::{Image, Photometric};

/// Why the bytes of a frame are not the samples that the data set promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end too early.
    #[error("{what} ends after {found} bytes, {needed} are needed")]
    Truncated {
        /// Which bytes.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The codestream has another shape than the data set.
    #[error("the {codec} codestream is {found}, the data set says {expected}")]
    Mismatch {
        /// The codec.
        codec: &'static str,
        /// Size and samples in the codestream.
        found: String,
        /// Size and samples in the data set.
        expected: String,
    },
    /// The codestream breaks the rules of its codec.
    #[error("{codec}, byte {offset}: {what}")]
    Malformed {
        /// The codec.
        codec: &'static str,
        /// Where in the codestream, as near as is known.
        offset: usize,
        /// What is wrong there.
        what: String,
    },
    /// The codestream is of a kind that is not decoded here.
    #[error("{codec}: {what} cannot be decoded")]
    Unsupported {
        /// The codec.
        codec: &'static str,
        /// Which kind.
        what: String,
    },
}

/// Samples of one frame, pixel by pixel.
#[derive(Debug, Clone)]
pub(crate) struct Samples<'a> {
    pub(crate) values: Values<'a>,
    /// What the samples mean now; a decoder may have undone a transform.
    pub(crate) photometric: Photometric,
    /// Bits that hold the sign and the value: the precision of the codestream where it is less than Bits Stored.
    pub(crate) stored: u32,
    pub(crate) high: u32,
}

/// Samples as containers of the width of Bits Allocated; signs are not yet told from junk.
#[derive(Debug, Clone)]
pub(crate) enum Values<'a> {
    U8(Cow<'a, [u8]>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
}

/// The codec of a transfer syntax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    Little,
    Big,
    DeflatedFrame,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
    JpegXl,
}

impl Codec {
    pub(crate) fn of(transfer_syntax: &str) -> Result<Self, RenderError> {
        let uid = transfer_syntax.trim_matches(['\0', ' ']);
        Ok(match uid {
            uids::IMPLICIT_VR_LITTLE_ENDIAN
            | uids::EXPLICIT_VR_LITTLE_ENDIAN
            | uids::ENCAPSULATED_UNCOMPRESSED_EXPLICIT_VR_LITTLE_ENDIAN
            | uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN => Codec::Little,
            EXPLICIT_VR_BIG_ENDIAN => Codec::Big,
            DEFLATED_IMAGE_FRAME => Codec::DeflatedFrame,
            uids::RLE_LOSSLESS => Codec::Rle,
            _ if JPEG.contains(&uid) => Codec::Jpeg,
            JPEG_LS_LOSSLESS | JPEG_LS_NEAR_LOSSLESS => Codec::JpegLs,
            _ if JPEG_2000.contains(&uid) => Codec::Jpeg2000,
            _ if JPEG_XL.contains(&uid) => Codec::JpegXl,
            _ => return Err(RenderError::TransferSyntax(uid.to_owned())),
        })
    }
}

// Retired or too new for the dictionary in use.
const EXPLICIT_VR_BIG_ENDIAN: &str = "1.2.840.10008.1.2.2";
const DEFLATED_IMAGE_FRAME: &str = "1.2.840.10008.1.2.8.1";

/// Baseline, extended, spectral selection, full progression, lossless of any predictor, lossless of the first.
const JPEG: [&str; 6] = [
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.53",
    "1.2.840.10008.1.2.4.55",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
];

const JPEG_LS_LOSSLESS: &str = "1.2.840.10008.1.2.4.80";
const JPEG_LS_NEAR_LOSSLESS: &str = "1.2.840.10008.1.2.4.81";

/// JPEG 2000 and High-Throughput JPEG 2000, lossless only and any.
const JPEG_2000: [&str; 5] = [
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
];

/// JPEG XL lossless, a repacked JPEG, and any.
const JPEG_XL: [&str; 3] = [
    "1.2.840.10008.1.2.4.110",
    "1.2.840.10008.1.2.4.111",
    "1.2.840.10008.1.2.4.112",
];

/// Decodes one frame.
pub(crate) fn decode<'a>(
    image: &Image,
    transfer_syntax: &str,
    bytes: &'a [u8],
) -> Result<Samples<'a>, RenderError> {
    let samples = match Codec::of(transfer_syntax)? {
        Codec::Little => native::decode(image, bytes, native::Order::Little)?,
        Codec::Big => native::decode(image, bytes, native::Order::Big)?,
        Codec::DeflatedFrame => {
            let raw = inflate(bytes, image.native_length())?;
            native::decode(image, &raw, native::Order::Little)?.into_owned()
        }
        Codec::Rle => rle::decode(image, bytes)?,
        Codec::Jpeg => jpeg::decode(image, bytes)?,
        Codec::JpegLs => jpegls::decode(image, bytes)?,
        Codec::Jpeg2000 => jpeg2000::decode(image, bytes)?,
        Codec::JpegXl => jpegxl::decode(image, bytes)?,
    };
    Ok(samples)
}

/// Unpacks a deflated frame (PS3.5 A.4.13); what is beyond `length` is not unpacked.
fn inflate(bytes: &[u8], length: usize) -> Result<Vec<u8>, DecodeError> {
    let mut raw = Vec::new();
    let limit = u64::try_from(length).unwrap_or(u64::MAX);
    flate2::read::DeflateDecoder::new(bytes)
        .take(limit)
        .read_to_end(&mut raw)
        .map_err(|error| DecodeError::Malformed {
            codec: "deflate",
            offset: 0,
            what: error.to_string(),
        })?;
    Ok(raw)
}

/// A decoded codestream of a lossy or lossless codec before it is fitted to the data set.
pub(crate) struct Decoded {
    pub(crate) values: Values<'static>,
    pub(crate) precision: u32,
    pub(crate) photometric: Photometric,
}

impl Decoded {
    /// The samples with the bits that count: those of the codestream, but no more than the data set stores.
    pub(crate) fn fit(self, image: &Image) -> Samples<'static> {
        let stored = self.precision.min(image.stored);
        let high = if self.precision > image.stored {
            image.high.min(self.precision - 1)
        } else {
            stored - 1
        };
        Samples {
            values: self.values,
            photometric: self.photometric,
            stored,
            high,
        }
    }
}

impl Samples<'_> {
    pub(crate) fn into_owned(self) -> Samples<'static> {
        let values = match self.values {
            Values::U8(values) => Values::U8(Cow::Owned(values.into_owned())),
            Values::U16(values) => Values::U16(values),
            Values::U32(values) => Values::U32(values),
            Values::F32(values) => Values::F32(values),
            Values::F64(values) => Values::F64(values),
        };
        Samples {
            values,
            photometric: self.photometric,
            stored: self.stored,
            high: self.high,
        }
    }
}

/// Fails unless a codestream has the size and the samples that the data set claims.
pub(crate) fn check_size(
    codec: &'static str,
    image: &Image,
    (columns, rows, samples): (u32, u32, u32),
) -> Result<(), DecodeError> {
    if (columns, rows, samples) == (image.columns, image.rows, image.samples) {
        return Ok(());
    }
    let words = |columns: u32, rows: u32, samples: u32| {
        format!("{columns} x {rows} pixels of {samples} sample(s)")
    };
    Err(DecodeError::Mismatch {
        codec,
        found: words(columns, rows, samples),
        expected: words(image.columns, image.rows, image.samples),
    })
}
