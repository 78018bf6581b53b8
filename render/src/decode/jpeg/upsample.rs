//! Subsampled components to the size of the image.

use std::borrow::Cow;

use super::{Component, Frame};

/// The plane of a component at the size of the image, without the edges of whole MCUs.
///
/// Halved axes are interpolated as their samples lie (centred between the pixels they stand for), other factors are repeated.
pub(super) fn plane<'c>(component: &'c Component, frame: &Frame) -> Cow<'c, [u16]> {
    let (columns, rows) = (frame.columns, frame.rows);
    let (width, height) = (
        (columns * component.h).div_ceil(frame.h),
        (rows * component.v).div_ceil(frame.v),
    );
    let lossless = component.stride == columns && component.plane.len() == columns * rows;
    if lossless {
        return Cow::Borrowed(&component.plane);
    }
    let mut lines: Vec<u16> = Vec::with_capacity(columns * rows);
    if (component.h, component.v) == (frame.h, frame.v) {
        for row in component.plane.chunks_exact(component.stride).take(rows) {
            lines.extend_from_slice(&row[..columns]);
        }
        return Cow::Owned(lines);
    }
    let row = |y: usize| &component.plane[y * component.stride..y * component.stride + width];
    let (halved_x, halved_y) = (component.h * 2 == frame.h, component.v * 2 == frame.v);
    let mut mixed = vec![0u32; width];
    for y in 0..rows {
        // Weights of four quarters down, so that both axes together are sixteenths.
        let near = (y * component.v / frame.v).min(height - 1);
        let far = match (halved_y, y % 2) {
            (false, _) => near,
            (true, 0) => near.saturating_sub(1),
            (true, _) => (near + 1).min(height - 1),
        };
        for ((value, &a), &b) in mixed.iter_mut().zip(row(near)).zip(row(far)) {
            *value = 3 * u32::from(a) + u32::from(b);
        }
        for x in 0..columns {
            let near = (x * component.h / frame.h).min(width - 1);
            let far = match (halved_x, x % 2) {
                (false, _) => near,
                (true, 0) => near.saturating_sub(1),
                (true, _) => (near + 1).min(width - 1),
            };
            lines.push(((3 * mixed[near] + mixed[far] + 8) >> 4) as u16);
        }
    }
    Cow::Owned(lines)
}
