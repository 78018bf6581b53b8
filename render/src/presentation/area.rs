//! The part of an image that is to be seen (PS3.3 C.10.4).

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::{Presentation, numbers};
use crate::image::text;
use crate::viewport::PixelShape;

/// A displayed area, in pixels of the image from its top left corner. It may reach beyond the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: i64,
    pub(crate) top: i64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) shape: Option<PixelShape>,
    /// Pixels of the picture for one of the image; fitting where there is none.
    pub(crate) magnification: Option<f64>,
}

/// No area is wider or higher: the standard has no limit, images have.
const LARGEST: i64 = 1 << 16;

impl Area {
    pub(crate) fn of(state: &Presentation, image: &InMemDicomObject, frame: u32) -> Option<Self> {
        let item = state
            .items_for(tags::DISPLAYED_AREA_SELECTION_SEQUENCE, image, frame)
            .next()?;
        let corner = |tag| match numbers(item, tag)[..] {
            [x, y, ..] => Some((x as i64, y as i64)),
            _ => None,
        };
        let one = corner(tags::DISPLAYED_AREA_TOP_LEFT_HAND_CORNER)?;
        let other = corner(tags::DISPLAYED_AREA_BOTTOM_RIGHT_HAND_CORNER)?;
        // The corners are named as they lie after turning, and counted before it, from 1.
        let span = |a: i64, b: i64| {
            let (low, high) = (a.min(b).max(-LARGEST), a.max(b).min(LARGEST));
            (low <= high).then_some((low - 1, (high - low + 1) as u32))
        };
        let ((left, width), (top, height)) = (span(one.0, other.0)?, span(one.1, other.1)?);
        let pair = |tag| match numbers(item, tag)[..] {
            [down, across, ..] if down > 0.0 && across > 0.0 => Some(PixelShape::of(down, across)),
            _ => None,
        };
        let is_magnified = text(item, tags::PRESENTATION_SIZE_MODE).as_deref() == Some("MAGNIFY");
        let ratio = numbers(item, tags::PRESENTATION_PIXEL_MAGNIFICATION_RATIO);
        Some(Self {
            left,
            top,
            width,
            height,
            shape: pair(tags::PRESENTATION_PIXEL_SPACING)
                .or_else(|| pair(tags::PRESENTATION_PIXEL_ASPECT_RATIO)),
            magnification: ratio
                .first()
                .copied()
                .filter(|&ratio| is_magnified && ratio > 0.0),
        })
    }
}
