//! Small images made by hand.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::encode::{Picture, Pixels};
use dicom_render::frame::{self, Options, RenderError};

pub(crate) const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";
pub(crate) const EXPLICIT_BIG: &str = "1.2.840.10008.1.2.2";
pub(crate) const RLE: &str = "1.2.840.10008.1.2.5";
pub(crate) const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
pub(crate) const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";

/// An image of one row and as many columns, unsigned, MONOCHROME2.
pub(crate) fn row(columns: u16, allocated: u16, stored: u16) -> InMemDicomObject {
    let mut image = InMemDicomObject::new_empty();
    for (tag, value) in [
        (tags::ROWS, 1),
        (tags::COLUMNS, columns),
        (tags::BITS_ALLOCATED, allocated),
        (tags::BITS_STORED, stored),
        (tags::HIGH_BIT, stored - 1),
        (tags::PIXEL_REPRESENTATION, 0),
        (tags::SAMPLES_PER_PIXEL, 1),
    ] {
        image.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
    }
    text(
        &mut image,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "MONOCHROME2",
    );
    image
}

pub(crate) fn text(image: &mut InMemDicomObject, tag: Tag, vr: VR, value: &str) {
    image.put(DataElement::new(tag, vr, value));
}

pub(crate) fn number(image: &mut InMemDicomObject, tag: Tag, value: u16) {
    image.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value)));
}

pub(crate) fn words(image: &mut InMemDicomObject, tag: Tag, values: &[u16]) {
    image.put(DataElement::new(
        tag,
        VR::US,
        PrimitiveValue::U16(values.into()),
    ));
}

pub(crate) fn decimals(image: &mut InMemDicomObject, values: &[(Tag, &str)]) {
    for &(tag, value) in values {
        text(image, tag, VR::DS, value);
    }
}

/// The picture of 16-bit little endian samples.
pub(crate) fn show16(image: &InMemDicomObject, samples: &[u16]) -> Picture {
    let bytes: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    show(image, &bytes)
}

pub(crate) fn show(image: &InMemDicomObject, bytes: &[u8]) -> Picture {
    try_show(image, EXPLICIT_LITTLE, bytes).unwrap()
}

pub(crate) fn try_show(
    image: &InMemDicomObject,
    syntax: &str,
    bytes: &[u8],
) -> Result<Picture, RenderError> {
    frame::render(image, syntax, bytes, 1, &Options::default())
}

pub(crate) fn grey(picture: &Picture) -> &[u8] {
    match &picture.pixels {
        Pixels::Grey8(pixels) => pixels,
        _ => panic!("the picture has colours or 16 bits"),
    }
}

pub(crate) fn rgb(picture: &Picture) -> Vec<[u8; 3]> {
    match &picture.pixels {
        Pixels::Rgb8(pixels) => pixels.as_chunks().0.to_vec(),
        _ => panic!("the picture is grey"),
    }
}
