//! An image in which every value of a CT comes once.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::picture::{Picture, Pixels};

/// Its columns and rows.
pub const RAMP_EDGE: usize = 64;

/// The value of the first pixel, after the rescale.
const LOWEST: f64 = -1024.0;

/// 4096 values from -1024 on, row by row, in 16 bits with a rescale.
pub fn ramp() -> Picture {
    let edge = RAMP_EDGE as u16;
    let samples = (0..edge * edge).flat_map(u16::to_le_bytes).collect();
    Picture::grey(edge, edge, 16, Pixels::Native(samples))
        .element(tags::RESCALE_INTERCEPT, VR::DS, "-1024")
        .element(tags::RESCALE_SLOPE, VR::DS, "1")
}

/// The value of a pixel after the rescale.
pub fn ramp_value(x: usize, y: usize) -> f64 {
    (y * RAMP_EDGE + x) as f64 + LOWEST
}
