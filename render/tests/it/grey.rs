//! Grey values to black and white: PS3.3 C.11. Expected levels are worked out by hand from the formulas there.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::frame::{self, Options};
use dicom_render::shown::Grey;
use dicom_render::window::{Function, Window};

use crate::support::{
    EXPLICIT_BIG, EXPLICIT_LITTLE, decimals, grey, number, row, show, show16, text, try_show, words,
};

fn windowed(center: &str, width: &str) -> InMemDicomObject {
    let mut image = row(5, 16, 16);
    decimals(
        &mut image,
        &[(tags::WINDOW_CENTER, center), (tags::WINDOW_WIDTH, width)],
    );
    image
}

#[test]
fn a_linear_window_is_the_one_of_the_standard() {
    // C.11.2.1.2.1, note 4: c = 2048, w = 4096 maps 0..=4095 to 0..=255.
    let picture = show16(&windowed("2048", "4096"), &[0, 1024, 2048, 4095, 5000]);
    assert_eq!(grey(&picture), [0, 64, 128, 255, 255]);
    // Width 1 is a threshold at the center less one half.
    let picture = show16(&windowed("100", "1"), &[0, 99, 100, 101, 200]);
    assert_eq!(grey(&picture), [0, 0, 255, 255, 255]);
}

#[test]
fn linear_exact_and_sigmoid_are_told_apart() {
    let mut image = windowed("100", "100");
    text(&mut image, tags::VOILUT_FUNCTION, VR::CS, "LINEAR_EXACT");
    assert_eq!(
        grey(&show16(&image, &[50, 75, 100, 125, 150])),
        [0, 64, 128, 191, 255]
    );
    text(&mut image, tags::VOILUT_FUNCTION, VR::CS, "SIGMOID");
    assert_eq!(
        grey(&show16(&image, &[50, 75, 100, 125, 150])),
        [30, 69, 128, 186, 225]
    );
}

#[test]
fn of_several_windows_the_first_is_used_and_named() {
    let mut image = windowed("40\\-600", "400\\1500");
    text(
        &mut image,
        tags::WINDOW_CENTER_WIDTH_EXPLANATION,
        VR::LO,
        "MEDIASTINUM\\LUNG",
    );
    let picture = show16(&image, &[0; 5]);
    assert_eq!(
        picture.shown.to_string(),
        "frame 1 of 1, 5 x 1 pixels, window of the data set: center 40 width 400 \"MEDIASTINUM\", first of 2"
    );
}

#[test]
fn a_window_of_no_width_is_ignored_and_said() {
    let picture = show16(&windowed("100", "0"), &[0, 10, 20, 30, 40]);
    assert!(matches!(picture.shown.grey, Grey::Automatic(_)));
    assert!(
        picture
            .shown
            .to_string()
            .ends_with("the data set's window center 100 width 0 has no width and is ignored")
    );
    assert_eq!(grey(&picture), [0, 64, 128, 191, 255]);
}

#[test]
fn the_window_asked_for_wins() {
    let window = Window {
        center: 20.5,
        width: 41.0,
        function: Function::Linear,
    };
    let options = Options {
        window: Some(window),
        ..Options::default()
    };
    let bytes: Vec<u8> = [0u16, 10, 20, 30, 40]
        .into_iter()
        .flat_map(u16::to_le_bytes)
        .collect();
    let picture =
        frame::render(&windowed("100", "10"), EXPLICIT_LITTLE, &bytes, 1, &options).unwrap();
    assert_eq!(picture.shown.grey, Grey::Asked(window));
    assert_eq!(grey(&picture), [0, 64, 128, 191, 255]);
}

#[test]
fn rescale_comes_before_the_window() {
    let mut image = windowed("0", "2001");
    decimals(
        &mut image,
        &[
            (tags::RESCALE_SLOPE, "2"),
            (tags::RESCALE_INTERCEPT, "-1000"),
        ],
    );
    // 2 * 0 - 1000 is the dark end at -1000.5, 2 * 1000 - 1000 the bright one at 999.5.
    assert_eq!(
        grey(&show16(&image, &[0, 250, 500, 750, 1000])),
        [0, 64, 128, 191, 255]
    );
}

#[test]
fn junk_bits_are_masked_and_signs_extended() {
    let mut image = row(4, 16, 12);
    number(&mut image, tags::PIXEL_REPRESENTATION, 1);
    decimals(
        &mut image,
        &[(tags::WINDOW_CENTER, "0.5"), (tags::WINDOW_WIDTH, "201")],
    );
    // -100, -50, 0 and 100 in twelve bits, with other things above them.
    let picture = show16(&image, &[0x5F9C, 0xAFCE, 0xF000, 0x3064]);
    assert_eq!(grey(&picture), [0, 64, 128, 255]);
}

#[test]
fn the_high_bit_tells_where_the_value_lies() {
    let mut image = row(2, 16, 8);
    number(&mut image, tags::HIGH_BIT, 15);
    assert_eq!(grey(&show16(&image, &[0x40FF, 0xFF00])), [0x40, 0xFF]);
}

#[test]
fn big_endian_samples_are_turned_round() {
    let image = windowed("128.5", "256");
    let bytes: Vec<u8> = [0u16, 64, 128, 192, 256]
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect();
    let picture = try_show(&image, EXPLICIT_BIG, &bytes).unwrap();
    assert_eq!(
        grey(&picture),
        grey(&show16(&image, &[0, 64, 128, 192, 256]))
    );
}

#[test]
fn single_bits_become_black_and_white() {
    let image = row(10, 1, 1);
    assert_eq!(
        grey(&show(&image, &[0b0000_1101, 0b10])),
        [255, 0, 255, 255, 0, 0, 0, 0, 0, 255]
    );
}

#[test]
fn thirty_two_bits_are_shown_between_their_percentiles() {
    let image = row(3, 32, 32);
    let bytes: Vec<u8> = [1_000_000u32, 1_500_000, 2_000_000]
        .into_iter()
        .flat_map(u32::to_le_bytes)
        .collect();
    assert_eq!(grey(&show(&image, &bytes)), [0, 128, 255]);
}

#[test]
fn float_pixels_are_shown() {
    let mut image = row(3, 32, 32);
    for tag in [
        tags::BITS_STORED,
        tags::HIGH_BIT,
        tags::PIXEL_REPRESENTATION,
    ] {
        image.remove_element(tag);
    }
    let bytes: Vec<u8> = [0.25f32, 0.5, 0.75]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    assert_eq!(grey(&show(&image, &bytes)), [0, 128, 255]);
}

#[test]
fn monochrome1_and_an_inverse_presentation_invert_once() {
    let mut image = row(3, 8, 8);
    text(
        &mut image,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "MONOCHROME1",
    );
    assert_eq!(grey(&show(&image, &[0, 100, 255])), [255, 155, 0]);
    text(&mut image, tags::PRESENTATION_LUT_SHAPE, VR::CS, "INVERSE");
    let picture = show(&image, &[0, 100, 255]);
    assert_eq!(grey(&picture), [255, 155, 0]);
    assert!(
        picture
            .shown
            .to_string()
            .ends_with("full range of values, low values bright")
    );
}

#[test]
fn padding_is_black_and_no_part_of_the_automatic_window() {
    let mut image = row(5, 16, 16);
    number(&mut image, tags::PIXEL_REPRESENTATION, 1);
    image.put(DataElement::new(
        tags::PIXEL_PADDING_VALUE,
        VR::SS,
        PrimitiveValue::from(-2000_i16),
    ));
    let picture = show16(&image, &[-2000_i16 as u16, 0, 50, 100, 200]);
    assert_eq!(grey(&picture), [0, 0, 64, 128, 255]);
}

#[test]
fn modality_and_voi_tables_are_looked_up() {
    let table = |first: u16, bits: u16, entries: &[u16]| {
        let mut item = InMemDicomObject::new_empty();
        words(
            &mut item,
            tags::LUT_DESCRIPTOR,
            &[entries.len() as u16, first, bits],
        );
        words(&mut item, tags::LUT_DATA, entries);
        item
    };
    let sequence = |tag, item| {
        DataElement::new(
            tag,
            VR::SQ,
            dicom_core::value::DataSetSequence::from(vec![item]),
        )
    };
    let mut image = row(4, 8, 8);
    image.put(sequence(
        tags::MODALITY_LUT_SEQUENCE,
        table(10, 16, &[500, 501, 502]),
    ));
    image.put(sequence(
        tags::VOILUT_SEQUENCE,
        table(500, 8, &[0, 51, 255]),
    ));
    // Below the first entry is the first, beyond the last the last.
    let picture = show(&image, &[0, 10, 11, 200]);
    assert_eq!(grey(&picture), [0, 0, 51, 255]);
    assert_eq!(
        picture.shown.grey,
        Grey::VoiLut {
            explanation: String::new(),
            from_state: false,
        }
    );
}

#[test]
fn functional_groups_choose_the_window_of_each_frame() {
    let group = |center: &str| {
        let mut voi = InMemDicomObject::new_empty();
        decimals(
            &mut voi,
            &[(tags::WINDOW_CENTER, center), (tags::WINDOW_WIDTH, "100")],
        );
        let mut groups = InMemDicomObject::new_empty();
        let items = dicom_core::value::DataSetSequence::from(vec![voi]);
        groups.put(DataElement::new(tags::FRAME_VOILUT_SEQUENCE, VR::SQ, items));
        groups
    };
    let mut image = row(5, 16, 16);
    text(&mut image, tags::NUMBER_OF_FRAMES, VR::IS, "2");
    let items = dicom_core::value::DataSetSequence::from(vec![group("10"), group("70")]);
    image.put(DataElement::new(
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        VR::SQ,
        items,
    ));
    let picture = frame::render(&image, EXPLICIT_LITTLE, &[0; 10], 2, &Options::default()).unwrap();
    assert!(
        picture
            .shown
            .to_string()
            .starts_with("frame 2 of 2, 5 x 1 pixels, window of the data set: center 70 ")
    );
}

#[test]
fn windows_are_read_as_clients_write_them() {
    assert_eq!(
        "40,400".parse(),
        Ok(Window {
            center: 40.0,
            width: 400.0,
            function: Function::Linear
        })
    );
    let exact = Window {
        center: -600.5,
        width: 0.5,
        function: Function::LinearExact,
    };
    assert_eq!(" -600.5 , .5 , linear-exact".parse(), Ok(exact));
    for wrong in [
        "",
        "40",
        "40,0",
        "40,-1",
        "40,NaN",
        "40,400,cubic",
        "40,400,linear,1",
    ] {
        let error = wrong.parse::<Window>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("{wrong:?} is not a window")),
            "{error}"
        );
    }
}
