//! The shape of pixels: how much higher than wide they are (PS3.3 C.7.6.3.1.7, 10.7.1.3).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::grey::decimals;
use crate::groups::holder;
use crate::viewport::PixelShape;

/// Distances of rows and of columns, the best known first.
const SPACINGS: [Tag; 4] = [
    tags::PIXEL_SPACING,
    tags::IMAGER_PIXEL_SPACING,
    tags::NOMINAL_SCANNED_PIXEL_SPACING,
    tags::PRESENTATION_PIXEL_SPACING,
];

/// The shape of the pixels of a frame; square where nothing is said.
pub(crate) fn shape(attributes: &InMemDicomObject, frame: u32) -> PixelShape {
    let measures = holder(attributes, frame, tags::PIXEL_MEASURES_SEQUENCE);
    let pair = |holder: &InMemDicomObject, tag: Tag| match decimals(holder, tag)[..] {
        [Some(down), Some(across), ..] if down > 0.0 && across > 0.0 => Some((down, across)),
        _ => None,
    };
    SPACINGS
        .iter()
        .find_map(|&tag| pair(measures, tag).or_else(|| pair(attributes, tag)))
        .or_else(|| pair(attributes, tags::PIXEL_ASPECT_RATIO))
        .or_else(|| pair(attributes, tags::PRESENTATION_PIXEL_ASPECT_RATIO))
        .map_or(PixelShape::SQUARE, |(down, across)| {
            PixelShape::of(down, across)
        })
}
