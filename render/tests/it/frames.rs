//! Which bytes are a frame, and what they decode to.

use dicom_core::value::{InMemFragment, PixelFragmentSequence};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, FileMetaTableBuilder};
use dicom_render::frame::{self, RenderError};

use crate::support::{
    EXPLICIT_LITTLE, JPEG_2000, JPEG_BASELINE, RLE, grey, number, rgb, row, show, text, try_show,
};

fn encapsulated(frames: u32, offsets: &[u32], fragments: &[&[u8]]) -> DefaultDicomObject {
    let mut image = row(4, 8, 8);
    text(
        &mut image,
        tags::NUMBER_OF_FRAMES,
        VR::IS,
        &frames.to_string(),
    );
    let fragments: Vec<InMemFragment> =
        fragments.iter().map(|fragment| fragment.to_vec()).collect();
    let pixels = PixelFragmentSequence::new(offsets.to_vec(), fragments);
    image.put(DataElement::new(tags::PIXEL_DATA, VR::OB, pixels));
    with_meta(image, JPEG_BASELINE)
}

fn with_meta(image: dicom_object::InMemDicomObject, syntax: &str) -> DefaultDicomObject {
    let meta = FileMetaTableBuilder::new()
        .transfer_syntax(syntax)
        .media_storage_sop_class_uid("1.2.840.10008.5.1.4.1.1.7")
        .media_storage_sop_instance_uid("2.25.1");
    image.with_exact_meta(meta.build().unwrap())
}

const START: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0];

#[test]
fn one_frame_is_all_fragments() {
    let object = encapsulated(1, &[], &[&[1, 2], &[3, 4]]);
    assert_eq!(*frame::bytes_of(&object, 1).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn without_offsets_a_fragment_is_a_frame() {
    let object = encapsulated(3, &[], &[&[1, 2], &[3, 4], &[5, 6]]);
    assert_eq!(*frame::bytes_of(&object, 2).unwrap(), [3, 4]);
}

#[test]
fn offsets_divide_fragments_into_frames() {
    // Each item has eight bytes before its value.
    let object = encapsulated(2, &[0, 22], &[&[1, 2], &[3, 4, 5, 6], &[7, 8]]);
    assert_eq!(*frame::bytes_of(&object, 1).unwrap(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(*frame::bytes_of(&object, 2).unwrap(), [7, 8]);
}

#[test]
fn the_extended_offset_table_goes_before_the_basic_one() {
    let mut object = encapsulated(2, &[0, 10], &[&[1, 2], &[3, 4], &[5, 6]]);
    let offsets = PrimitiveValue::U64([0, 20].into_iter().collect());
    object.put(DataElement::new(
        tags::EXTENDED_OFFSET_TABLE,
        VR::OV,
        offsets,
    ));
    assert_eq!(*frame::bytes_of(&object, 1).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn wrong_offsets_are_replaced_by_the_marks_of_codestreams() {
    let object = encapsulated(2, &[0, 999], &[START, &[1, 2], START, &[3, 4]]);
    assert_eq!(
        *frame::bytes_of(&object, 2).unwrap(),
        [0xFF, 0xD8, 0xFF, 0xE0, 3, 4]
    );
}

#[test]
fn what_cannot_be_divided_is_refused_in_words() {
    let object = encapsulated(2, &[], &[&[1, 2], &[3, 4], &[5, 6]]);
    let error = frame::bytes_of(&object, 1).unwrap_err().to_string();
    assert_eq!(
        error,
        "frame 1 of 2 is not found: 3 fragments cannot be divided: no valid offset table and no marks of 2 frames"
    );
}

#[test]
fn frames_count_from_one() {
    let object = encapsulated(2, &[], &[&[1, 2], &[3, 4]]);
    for wrong in [0, 3, u32::MAX] {
        let error = frame::bytes_of(&object, wrong).unwrap_err();
        assert!(
            matches!(error, RenderError::NoSuchFrame { frames: 2, .. }),
            "{error}"
        );
        assert!(
            error
                .to_string()
                .starts_with(&format!("frame {wrong} is not there"))
        );
    }
}

#[test]
fn frames_of_single_bits_begin_at_any_bit() {
    let mut image = row(3, 1, 1);
    text(&mut image, tags::NUMBER_OF_FRAMES, VR::IS, "3");
    let bits = PrimitiveValue::from(vec![0b0101_0110_u8, 0b1]);
    image.put(DataElement::new(tags::PIXEL_DATA, VR::OB, bits));
    let object = with_meta(image, EXPLICIT_LITTLE);
    let frame = |n| {
        let bytes = frame::bytes_of(&object, n).unwrap();
        grey(&frame::render(&object, EXPLICIT_LITTLE, &bytes, n, &Default::default()).unwrap())
            .to_vec()
    };
    assert_eq!(frame(1), [0, 255, 255]);
    assert_eq!(frame(2), [0, 255, 0]);
    assert_eq!(frame(3), [255, 0, 255]);
}

#[test]
fn claimed_frames_that_are_not_there_are_refused() {
    let mut image = row(4, 8, 8);
    text(&mut image, tags::NUMBER_OF_FRAMES, VR::IS, "65535");
    image.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PrimitiveValue::from(vec![0u8; 8]),
    ));
    let object = with_meta(image, EXPLICIT_LITTLE);
    assert!(frame::bytes_of(&object, 2).is_ok());
    let error = frame::bytes_of(&object, 3).unwrap_err().to_string();
    assert_eq!(
        error,
        "frame 3 of 65535 is not found: the pixel data ends after 8 bytes"
    );
}

fn colour(columns: u16, photometric: &str) -> dicom_object::InMemDicomObject {
    let mut image = row(columns, 8, 8);
    number(&mut image, tags::SAMPLES_PER_PIXEL, 3);
    text(
        &mut image,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        photometric,
    );
    image
}

#[test]
fn planes_and_pixels_give_the_same_colours() {
    let mut image = colour(2, "RGB");
    assert_eq!(
        rgb(&show(&image, &[1, 2, 3, 4, 5, 6])),
        [[1, 2, 3], [4, 5, 6]]
    );
    number(&mut image, tags::PLANAR_CONFIGURATION, 1);
    assert_eq!(
        rgb(&show(&image, &[1, 4, 2, 5, 3, 6])),
        [[1, 2, 3], [4, 5, 6]]
    );
}

#[test]
fn luminance_and_chroma_become_colours() {
    // PS3.3 C.7.6.3.1.2; red is 76, 85, 255.
    let image = colour(2, "YBR_FULL");
    assert_eq!(
        rgb(&show(&image, &[76, 85, 255, 255, 128, 128])),
        [[254, 0, 0], [255, 255, 255]]
    );
    let image = colour(3, "YBR_FULL_422");
    // An odd row ends with half a pair.
    let picture = show(&image, &[76, 255, 85, 255, 255, 0, 128, 128]);
    assert_eq!(rgb(&picture)[0], [254, 0, 0]);
    assert_eq!(rgb(&picture)[2], [255, 255, 255]);
}

#[test]
fn palettes_give_colours_to_values() {
    let mut image = row(4, 8, 8);
    text(
        &mut image,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "PALETTE COLOR",
    );
    for (descriptor, data, entries) in [
        (
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0x1000, 0x2000],
        ),
        (
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0x3000, 0x4000],
        ),
        (
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
            tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            [0x5000, 0xFF00],
        ),
    ] {
        crate::support::words(&mut image, descriptor, &[2, 7, 16]);
        crate::support::words(&mut image, data, &entries);
    }
    let (first, second) = ([0x10, 0x30, 0x50], [0x20, 0x40, 0xFF]);
    assert_eq!(
        rgb(&show(&image, &[0, 7, 8, 255])),
        [first, first, second, second]
    );
}

#[test]
fn rle_planes_are_put_together() {
    let image = row(4, 16, 16);
    let mut bytes = vec![0; 64];
    bytes[0] = 2;
    bytes[4] = 64;
    bytes[8] = 66;
    // Four times 1 above, then 0, 1, 2, 3 below.
    bytes.extend([0xFD, 1, 3, 0, 1, 2, 3, 0]);
    let native = frame::native(&image, RLE, &bytes, 1).unwrap();
    assert_eq!(native.data, [0, 1, 1, 1, 2, 1, 3, 1]);
}

#[test]
fn broken_rle_is_refused_where_it_breaks() {
    let image = row(4, 8, 8);
    let header = |segments: u8, first: u8| {
        let mut bytes = vec![0; 64];
        (bytes[0], bytes[4]) = (segments, first);
        bytes
    };
    for (bytes, error) in [
        (
            vec![0; 10],
            "the RLE header ends after 10 bytes, 64 are needed",
        ),
        (header(16, 64), "RLE, byte 0: 16 segments, 1 are needed"),
        (
            header(1, 65),
            "RLE, byte 4: segment 1 from 65 to 64 lies outside",
        ),
        (
            [header(1, 64), vec![9, 1]].concat(),
            "RLE, byte 65: 10 literal bytes announced, 1 left",
        ),
        (
            [header(1, 64), vec![0xFF]].concat(),
            "RLE, byte 65: a run without its byte",
        ),
        (
            [header(1, 64), vec![0, 1]].concat(),
            "RLE, byte 66: a segment gives 1 of 4 bytes",
        ),
    ] {
        assert_eq!(
            try_show(&image, RLE, &bytes).unwrap_err().to_string(),
            error
        );
    }
}

#[test]
fn a_codestream_of_another_size_is_refused_before_it_is_decoded() {
    let image = row(64, 8, 8);
    // A frame header that claims 65,535 x 65,535.
    let jpeg = [
        0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0,
    ];
    assert_eq!(
        try_show(&image, JPEG_BASELINE, &jpeg)
            .unwrap_err()
            .to_string(),
        "the JPEG codestream is 65535 x 65535 pixels of 1 sample(s), the data set says 64 x 1 pixels of 1 sample(s)"
    );
    let mut j2k = vec![0xFF, 0x4F, 0xFF, 0x51, 0, 41, 0, 0];
    for word in [0x7FFF_FFFFu32, 0x7FFF_FFFF, 0, 0, 1, 1, 0, 0] {
        j2k.extend(word.to_be_bytes());
    }
    j2k.extend([0, 1, 7, 1, 1]);
    let error = try_show(&image, JPEG_2000, &j2k).unwrap_err().to_string();
    assert!(
        error.starts_with("the JPEG 2000 codestream is 2147483647 x 2147483647 pixels"),
        "{error}"
    );
}

#[test]
fn images_beyond_the_limit_are_refused_before_anything_is_read() {
    let mut image = row(65535, 8, 8);
    number(&mut image, tags::ROWS, 65535);
    let error = try_show(&image, EXPLICIT_LITTLE, &[])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "65535 x 65535 pixels are more than the limit of 268435456"
    );
}

#[test]
fn what_makes_no_image_is_named() {
    let refused = |change: &dyn Fn(&mut dicom_object::InMemDicomObject)| {
        let mut image = row(4, 16, 12);
        change(&mut image);
        try_show(&image, EXPLICIT_LITTLE, &[0; 8])
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&|image| number(image, tags::ROWS, 0)),
        "Rows is 0, which cannot be shown"
    );
    assert_eq!(
        refused(&|image| assert!(image.remove_element(tags::COLUMNS))),
        "the image lacks Columns"
    );
    assert_eq!(
        refused(&|image| number(image, tags::BITS_STORED, 17)),
        "BitsStored is 17 of 16 allocated, which cannot be shown"
    );
    assert_eq!(
        refused(&|image| number(image, tags::HIGH_BIT, 3)),
        "HighBit is 3 with 12 bits stored, which cannot be shown"
    );
    assert_eq!(
        refused(&|image| number(image, tags::ROWS, 2)),
        "the frame ends after 8 bytes, 16 are needed"
    );
    let image = row(4, 8, 8);
    let error = try_show(&image, "1.2.840.10008.1.2.4.100", &[])
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "pixels in transfer syntax 1.2.840.10008.1.2.4.100 cannot be decoded"
    );
}
