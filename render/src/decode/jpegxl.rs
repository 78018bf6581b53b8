//! JPEG XL (ISO/IEC 18181-1), lossless, lossy and repacked JPEG, by jxl-oxide.
//!
//! The header alone is read first and compared with the data set; what the decoder may allocate is bounded by the size that
//! both agree on, and a panic ends the frame, not the process.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jxl_oxide::image::BitDepth;
use jxl_oxide::{AllocTracker, InitializeResult, JxlImage, JxlThreadPool};

use super::{DecodeError, Decoded, Samples, Values, check_size};
use crate::image::{Image, Photometric};

const CODEC: &str = "JPEG XL";

/// Samples of a frame are held as 32 bits several times over while filters run.
const BYTES_PER_SAMPLE: usize = 64;
/// What a decoder needs whatever the size: entropy tables, a border around groups.
const BYTES_AT_LEAST: usize = 64 << 20;
/// Bytes that are looked at for the header; an embedded profile is no larger than that in practice.
const HEADER: usize = 1 << 16;

pub(crate) fn decode(image: &Image, bytes: &[u8]) -> Result<Samples<'static>, DecodeError> {
    let decoded = catch_unwind(AssertUnwindSafe(|| read(image, bytes)));
    let (values, precision) = decoded.map_err(|_| malformed("the decoder gave up on it"))??;
    let photometric = match image.photometric {
        Photometric::Monochrome1 | Photometric::Monochrome2 | Photometric::Palette => {
            image.photometric
        }
        // XYB and the colours of a repacked JPEG are undone by the decoder (PS3.5 8.2.16).
        _ => Photometric::Rgb,
    };
    Ok(Decoded {
        values,
        precision,
        photometric,
    }
    .fit(image))
}

fn read(image: &Image, bytes: &[u8]) -> Result<(Values<'static>, u32), DecodeError> {
    let samples = image.pixels().saturating_mul(image.samples as usize);
    let limit = samples
        .saturating_mul(BYTES_PER_SAMPLE)
        .saturating_add(BYTES_AT_LEAST);
    let mut header = JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(limit))
        .build_uninit();
    let (first, rest) = bytes.split_at(bytes.len().min(HEADER));
    let used = header.feed_bytes(first).map_err(broken)?;
    let mut found = match header.try_init().map_err(broken)? {
        InitializeResult::Initialized(found) => found,
        InitializeResult::NeedMoreData(_) => {
            return Err(malformed("the header does not end"));
        }
    };
    let depth = found.image_header().metadata.bit_depth;
    let BitDepth::IntegerSample { bits_per_sample } = depth else {
        return Err(DecodeError::Unsupported {
            codec: CODEC,
            what: "floating point".to_owned(),
        });
    };
    let channels = found.pixel_format().channels() as u32;
    check_size(CODEC, image, (found.width(), found.height(), channels))?;
    if bits_per_sample > image.allocated.max(8) || bits_per_sample > 24 {
        return Err(DecodeError::Mismatch {
            codec: CODEC,
            found: format!("of {bits_per_sample} bits a sample"),
            expected: format!("{} bits allocated", image.allocated),
        });
    }
    let mut left = [&first[used.min(first.len())..], rest].concat();
    while !left.is_empty() {
        match found.feed_bytes(&left).map_err(broken)? {
            0 => break,
            used => drop(left.drain(..used.min(left.len()))),
        }
    }
    found.finalize().map_err(broken)?;
    if found.num_loaded_keyframes() == 0 {
        return Err(malformed("no picture in it"));
    }
    let picture = found.render_frame(0).map_err(broken)?;
    let mut stream = picture.stream();
    if (stream.width(), stream.height(), stream.channels())
        != (image.columns, image.rows, image.samples)
    {
        return Err(malformed("a picture of another size than its header"));
    }
    let mut levels = vec![0f32; samples];
    let written = stream.write_to_buffer(&mut levels);
    if written != samples {
        return Err(malformed("a picture that is not whole"));
    }
    let top = ((1u32 << bits_per_sample) - 1) as f32;
    let whole = |level: &f32| (level * top + 0.5).clamp(0.0, top) as u32;
    let values = match image.allocated {
        ..=8 => Values::U8(Cow::Owned(
            levels.iter().map(|level| whole(level) as u8).collect(),
        )),
        16 => Values::U16(levels.iter().map(|level| whole(level) as u16).collect()),
        _ => Values::U32(levels.iter().map(whole).collect()),
    };
    Ok((values, bits_per_sample))
}

fn broken(why: impl std::fmt::Display) -> DecodeError {
    malformed(why.to_string())
}

fn malformed(what: impl Into<String>) -> DecodeError {
    DecodeError::Malformed {
        codec: CODEC,
        offset: 0,
        what: what.into(),
    }
}
