//! Whether an instance has what every instance of its SOP class has.

use dicom_core::Tag;
use dicom_core::dictionary::UidDictionary;
use dicom_core::header::HasLength;
use dicom_dictionary_std::{StandardSopClassDictionary, tags};

use crate::store::Stored;

/// What every image has with a value, by keyword (PS3.3 C.7.6.3).
const OF_IMAGES: [(Tag, &str); 8] = [
    (tags::SAMPLES_PER_PIXEL, "SamplesPerPixel"),
    (
        tags::PHOTOMETRIC_INTERPRETATION,
        "PhotometricInterpretation",
    ),
    (tags::ROWS, "Rows"),
    (tags::COLUMNS, "Columns"),
    (tags::BITS_ALLOCATED, "BitsAllocated"),
    (tags::BITS_STORED, "BitsStored"),
    (tags::HIGH_BIT, "HighBit"),
    (tags::PIXEL_REPRESENTATION, "PixelRepresentation"),
];

/// What an instance lacks of what is Type 1 in its class; nothing if it is as it should be, as far as this looks.
pub(super) fn mismatch(stored: &Stored) -> Option<String> {
    let header = stored.header();
    let is_there = |tag: Tag| header.get(tag).is_some_and(|element| !element.is_empty());
    if !is_there(tags::MODALITY) {
        return Some("Modality is missing".to_owned());
    }
    let class = StandardSopClassDictionary.by_uid(stored.identity().sop_class.as_str());
    if !class.is_some_and(|class| class.name.ends_with("Image Storage")) {
        return None;
    }
    if stored.layout().pixel_data().is_none() {
        return Some("an image without pixel data".to_owned());
    }
    let missing = OF_IMAGES.iter().find(|(tag, _)| !is_there(*tag));
    missing.map(|(_, keyword)| format!("an image without {keyword}"))
}
