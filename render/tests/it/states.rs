//! Grey value transformations, overlays, shutters and presentation states, against what DCMTK 3.6.7 shows of the same files
//! (`tests/states/make.py`).

use std::path::Path;

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use dicom_render::encode::{Picture, Pixels};
use dicom_render::frame::{self, Depth, Options, PixelAspect, With};
use dicom_render::presentation::Presentation;

use crate::matrix::pnm;
use crate::support::{decimals, grey, number, row, show16, text, words};

fn file(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    std::fs::read(folder.join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn object(name: &str) -> DefaultDicomObject {
    dicom_object::from_reader(&file(name)[..]).unwrap()
}

fn picture(object: &DefaultDicomObject, options: &Options, with: &With<'_>) -> Picture {
    let bytes = frame::bytes_of(object, 1).unwrap();
    let syntax = object.meta().transfer_syntax();
    frame::render_with(object, syntax, &bytes, 1, options, with).unwrap()
}

/// How far two pictures are apart on average, in levels.
fn apart(picture: &Picture, pgm: &[u8]) -> f64 {
    let (ours, theirs) = (grey(picture), pnm(pgm));
    assert_eq!(ours.len(), theirs.len());
    let sum: u64 = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / ours.len() as f64
}

#[test]
fn grey_values_and_overlays_are_those_of_dcmj2pnm() {
    for name in [
        "window-linear",
        "window-sigmoid",
        "rescale-slope",
        "monochrome1",
        "inverse",
        "voi-lut",
        "modality-lut",
        "overlay",
        "overlay-embedded",
    ] {
        let picture = picture(
            &object(&format!("{name}.dcm")),
            &Options::default(),
            &With::default(),
        );
        let apart = apart(&picture, &file(&format!("{name}.pgm")));
        assert!(apart <= 1.0, "{name}: {apart:.2} levels; {}", picture.shown);
    }
}

#[test]
fn the_second_window_is_shown_when_asked_for() {
    let mut image = object("window-second.dcm");
    text(
        &mut image,
        tags::WINDOW_CENTER_WIDTH_EXPLANATION,
        VR::LO,
        "WIDE\\NARROW",
    );
    let options = Options {
        voi: "2".parse().unwrap(),
        ..Options::default()
    };
    let picture = picture(&image, &options, &With::default());
    assert!(apart(&picture, &file("window-second.pgm")) <= 1.0);
    assert!(
        picture
            .shown
            .to_string()
            .contains("center 0 width 500 \"NARROW\", 2 of 2"),
        "{}",
        picture.shown
    );
}

#[test]
fn presentation_states_look_as_dcmp2pgm_shows_them() {
    let image = object("image.dcm");
    for name in [
        "window",
        "rescale",
        "inverse",
        "voi-lut",
        "lut",
        "rectangle",
        "circle",
        "both",
        "polygon",
        "turned",
        "mirrored",
    ] {
        let state = Presentation::read(&object(&format!("state-{name}.pr.dcm"))).unwrap();
        let with = With {
            presentation: Some(&state),
            ..With::default()
        };
        let picture = picture(&image, &Options::default(), &with);
        let apart = apart(&picture, &file(&format!("state-{name}.pgm")));
        assert!(apart <= 1.0, "{name}: {apart:.2} levels; {}", picture.shown);
        assert!(
            picture.shown.to_string().contains("presentation state"),
            "{}",
            picture.shown
        );
    }
}

fn items(sequence: dicom_core::Tag, items: Vec<InMemDicomObject>) -> DataElement<InMemDicomObject> {
    DataElement::new(
        sequence,
        VR::SQ,
        dicom_core::value::DataSetSequence::from(items),
    )
}

fn floats(values: &[f32]) -> dicom_core::PrimitiveValue {
    dicom_core::PrimitiveValue::F32(values.into())
}

/// A state for the image that draws a box from 10, 8 to 30, 24 in a layer.
fn drawing() -> InMemDicomObject {
    let mut state = (*object("state-window.pr.dcm")).clone();
    let mut graphic = InMemDicomObject::new_empty();
    text(
        &mut graphic,
        tags::GRAPHIC_ANNOTATION_UNITS,
        VR::CS,
        "PIXEL",
    );
    text(&mut graphic, tags::GRAPHIC_TYPE, VR::CS, "POLYLINE");
    let corners = [10.0, 8.0, 30.0, 8.0, 30.0, 24.0, 10.0, 24.0, 10.0, 8.0];
    graphic.put(DataElement::new(
        tags::GRAPHIC_DATA,
        VR::FL,
        floats(&corners),
    ));
    let mut label = InMemDicomObject::new_empty();
    text(
        &mut label,
        tags::ANCHOR_POINT_ANNOTATION_UNITS,
        VR::CS,
        "DISPLAY",
    );
    label.put(DataElement::new(
        tags::ANCHOR_POINT,
        VR::FL,
        floats(&[0.0, 0.5]),
    ));
    text(&mut label, tags::UNFORMATTED_TEXT_VALUE, VR::ST, "L");
    let mut annotation = InMemDicomObject::new_empty();
    text(&mut annotation, tags::GRAPHIC_LAYER, VR::CS, "MARKS");
    annotation.put(items(tags::GRAPHIC_OBJECT_SEQUENCE, vec![graphic]));
    annotation.put(items(tags::TEXT_OBJECT_SEQUENCE, vec![label]));
    state.put(items(tags::GRAPHIC_ANNOTATION_SEQUENCE, vec![annotation]));
    state
}

#[test]
fn what_somebody_drew_lies_where_it_was_drawn() {
    let image = object("image.dcm");
    let state = Presentation::read(&drawing()).unwrap();
    let with = With {
        presentation: Some(&state),
        ..With::default()
    };
    let plain = picture(&image, &Options::default(), &With::default());
    let drawn = picture(&image, &Options::default(), &with);
    assert!(
        drawn.shown.to_string().ends_with("2 annotation(s) drawn"),
        "{}",
        drawn.shown
    );
    let at = |picture: &Picture, x: usize, y: usize| grey(picture)[y * 48 + x];
    // Lines of a pixel and a half, along the edges between pixels.
    for (x, y) in [(20, 8), (20, 7), (29, 16), (30, 16), (10, 20), (15, 23)] {
        assert!(at(&drawn, x, y) > 180, "{x}, {y}: {}", at(&drawn, x, y));
    }
    assert_ne!(at(&drawn, 20, 12), 255);
    assert_eq!((plain.width, plain.height), (drawn.width, drawn.height));
    // Twice as large, the line is at twice the place.
    let large = Options {
        viewport: Some("96,80".parse().unwrap()),
        ..Options::default()
    };
    let large = picture(&image, &large, &with);
    assert_eq!(large.width, 96);
    assert!(grey(&large)[16 * 96 + 40] > 150);
}

#[test]
fn a_displayed_area_is_cut_out_or_has_a_margin() {
    let image = object("image.dcm");
    let shown = |corners: [i32; 4]| {
        let mut state = (*object("state-window.pr.dcm")).clone();
        let mut area = InMemDicomObject::new_empty();
        for (tag, corner) in [
            (tags::DISPLAYED_AREA_TOP_LEFT_HAND_CORNER, &corners[..2]),
            (tags::DISPLAYED_AREA_BOTTOM_RIGHT_HAND_CORNER, &corners[2..]),
        ] {
            let value = dicom_core::PrimitiveValue::I32(corner.into());
            area.put(DataElement::new(tag, VR::SL, value));
        }
        state.put(items(tags::DISPLAYED_AREA_SELECTION_SEQUENCE, vec![area]));
        let state = Presentation::read(&state).unwrap();
        let with = With {
            presentation: Some(&state),
            ..With::default()
        };
        picture(&image, &Options::default(), &with)
    };
    let whole = shown([1, 1, 48, 40]);
    let cut = shown([11, 6, 20, 10]);
    assert_eq!((cut.width, cut.height), (10, 5));
    assert_eq!(grey(&cut)[0], grey(&whole)[5 * 48 + 10]);
    let margin = shown([-3, 0, 48, 41]);
    assert_eq!((margin.width, margin.height), (52, 42));
    assert_eq!(grey(&margin)[..52], [0; 52]);
    assert_eq!(grey(&margin)[52 + 4..2 * 52], grey(&whole)[..48]);
}

#[test]
fn a_data_set_without_images_is_no_state() {
    let refused = Presentation::read(&object("image.dcm")).unwrap_err();
    assert!(
        refused
            .to_string()
            .starts_with("the data set is no presentation state")
    );
}

#[test]
fn a_ct_without_a_window_gets_one_by_its_body_part_and_says_so() {
    let mut image = row(4, 16, 16);
    number(&mut image, tags::PIXEL_REPRESENTATION, 1);
    text(&mut image, tags::MODALITY, VR::CS, "CT");
    text(&mut image, tags::BODY_PART_EXAMINED, VR::CS, "HEAD");
    let samples = [-1000i16, 0, 40, 80].map(|value| value as u16);
    let picture = show16(&image, &samples);
    assert_eq!(grey(&picture), [0, 0, 129, 255]);
    assert_eq!(
        picture.shown.to_string(),
        "frame 1 of 1, 4 x 1 pixels, no window in the data set, preset brain by modality and body part: center 40 width 80"
    );
    // Values that such a window would show all black or white have one of their own.
    let picture = show16(&image, &[500, 600, 700, 800]);
    assert!(
        picture
            .shown
            .to_string()
            .contains("automatic window by percentiles")
    );
}

#[test]
fn presets_are_for_hounsfield_units_only() {
    let bytes: Vec<u8> = [0u16, 100, 200, 300]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    let options = Options {
        voi: "lung".parse().unwrap(),
        ..Options::default()
    };
    let shown = |modality: &str| {
        let mut image = row(4, 16, 16);
        text(&mut image, tags::MODALITY, VR::CS, modality);
        frame::render(&image, "1.2.840.10008.1.2.1", &bytes, 1, &options)
            .unwrap()
            .shown
            .to_string()
    };
    assert!(shown("CT").contains("preset lung as asked: center -600 width 1500"));
    let words = shown("MR");
    assert!(words.contains("automatic window by percentiles"), "{words}");
    assert!(
        words.ends_with("preset lung is for Hounsfield units, the modality is MR"),
        "{words}"
    );
}

#[test]
fn pixels_that_are_not_square_are_shown_as_they_are() {
    let mut image = row(4, 8, 8);
    text(&mut image, tags::PIXEL_ASPECT_RATIO, VR::IS, "3\\1");
    let bytes = [0, 50, 100, 150];
    let shown = |pixels| {
        let options = Options {
            pixels,
            ..Options::default()
        };
        frame::render(&image, "1.2.840.10008.1.2.1", &bytes, 1, &options).unwrap()
    };
    let square = shown(PixelAspect::Square);
    assert_eq!((square.width, square.height), (4, 3));
    assert!(
        square.shown.to_string().contains("pixels of 1.000 x 3.000"),
        "{}",
        square.shown
    );
    let stored = shown(PixelAspect::AsStored);
    assert_eq!((stored.width, stored.height), (4, 1));
    // The distance of rows and columns goes before, as it is in millimetres of the body.
    decimals(&mut image, &[(tags::PIXEL_SPACING, "0.5\\0.5")]);
    let picture = frame::render(
        &image,
        "1.2.840.10008.1.2.1",
        &bytes,
        1,
        &Options::default(),
    )
    .unwrap();
    assert_eq!((picture.width, picture.height), (4, 1));
}

#[test]
fn sixteen_bits_keep_what_eight_lose() {
    let mut image = row(3, 16, 16);
    decimals(
        &mut image,
        &[
            (tags::WINDOW_CENTER, "32768"),
            (tags::WINDOW_WIDTH, "65536"),
        ],
    );
    let bytes: Vec<u8> = [0u16, 30_001, 30_002]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    let options = Options {
        depth: Depth::Sixteen,
        ..Options::default()
    };
    let picture = frame::render(&image, "1.2.840.10008.1.2.1", &bytes, 1, &options).unwrap();
    assert_eq!(picture.pixels, Pixels::Grey16(vec![0, 30_001, 30_002]));
    assert!(picture.jpeg(90).unwrap().starts_with(&[0xFF, 0xD8]));
}

#[test]
fn an_overlay_that_is_not_whole_is_said_and_not_drawn() {
    let mut image = row(4, 8, 8);
    for (element, value) in [(0x0010, 1), (0x0011, 400), (0x0100, 1), (0x0102, 0)] {
        number(&mut image, dicom_core::Tag(0x6000, element), value);
    }
    words(&mut image, dicom_core::Tag(0x6000, 0x3000), &[0xFFFF]);
    let bytes = [0, 50, 100, 150];
    let picture = frame::render(
        &image,
        "1.2.840.10008.1.2.1",
        &bytes,
        1,
        &Options::default(),
    )
    .unwrap();
    assert_eq!(grey(&picture), bytes);
    assert!(
        picture
            .shown
            .to_string()
            .ends_with("overlay 6000 is not drawn: 2 bytes are too few for 400 x 1 bits"),
        "{}",
        picture.shown
    );
}
