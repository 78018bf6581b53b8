//! An image with values that metadata is likely to give by reference.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;

use super::picture::Picture;

/// Bytes of each value.
const LENGTH: u32 = 20_000;
/// Creator of the private elements.
const CREATOR: &str = "CONFORMANCE 1.0";

/// Pixels, a private value of 20,000 bytes at the top, and another one in a private sequence.
pub fn large_values() -> Picture {
    let value = |seed: u32| -> Vec<u8> {
        let byte = |n: u32| (n.wrapping_mul(seed) >> 3) as u8;
        (0..LENGTH).map(byte).collect()
    };
    let mut item = InMemDicomObject::new_empty();
    item.put(DataElement::new(Tag(0x0013, 0x0010), VR::LO, CREATOR));
    item.put(DataElement::new(
        Tag(0x0013, 0x1001),
        VR::OB,
        PrimitiveValue::from(value(77)),
    ));
    Picture::shades(64, 64, |x, y| (x * 3 + y) as u8)
        .element(Tag(0x0013, 0x0010), VR::LO, CREATOR)
        .element(Tag(0x0013, 0x1002), VR::OB, value(33))
        .sequence(Tag(0x0013, 0x1003), item)
}
