//! Compound graphics of presentation states (PS3.3 C.10.5.1.3): each kind lies where its points say, once.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::encode::Picture;
use dicom_render::frame::{self, Options, With};
use dicom_render::presentation::Presentation;

use crate::support::{grey, number, text};

const WIDTH: u32 = 200;
const HEIGHT: u32 = 160;

fn floats(set: &mut InMemDicomObject, tag: Tag, values: &[f32]) {
    set.put(DataElement::new(
        tag,
        VR::FL,
        PrimitiveValue::F32(values.into()),
    ));
}

fn items(set: &mut InMemDicomObject, sequence: Tag, items: Vec<InMemDicomObject>) {
    let items = dicom_core::value::DataSetSequence::from(items);
    set.put(DataElement::new(sequence, VR::SQ, items));
}

/// A black image of 200 x 160 pixels.
fn black() -> InMemDicomObject {
    let mut image = InMemDicomObject::new_empty();
    for (tag, value) in [
        (tags::ROWS, HEIGHT as u16),
        (tags::COLUMNS, WIDTH as u16),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
        (tags::SAMPLES_PER_PIXEL, 1),
    ] {
        number(&mut image, tag, value);
    }
    text(
        &mut image,
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        "MONOCHROME2",
    );
    text(&mut image, tags::WINDOW_CENTER, VR::DS, "128");
    text(&mut image, tags::WINDOW_WIDTH, VR::DS, "256");
    text(&mut image, tags::SOP_INSTANCE_UID, VR::UI, "1.2.3");
    image
}

fn graphic(kind: &str, units: &str, points: &[f32]) -> InMemDicomObject {
    let mut graphic = InMemDicomObject::new_empty();
    text(&mut graphic, tags::COMPOUND_GRAPHIC_TYPE, VR::CS, kind);
    text(&mut graphic, tags::COMPOUND_GRAPHIC_UNITS, VR::CS, units);
    graphic.put(DataElement::new(
        tags::COMPOUND_GRAPHIC_INSTANCE_ID,
        VR::UL,
        PrimitiveValue::from(7_u32),
    ));
    floats(&mut graphic, tags::GRAPHIC_DATA, points);
    graphic
}

/// A plain line from the upper left to the lower left corner that stands for graphic 7.
fn equivalent() -> InMemDicomObject {
    let mut line = InMemDicomObject::new_empty();
    text(&mut line, tags::GRAPHIC_ANNOTATION_UNITS, VR::CS, "PIXEL");
    text(&mut line, tags::GRAPHIC_TYPE, VR::CS, "POLYLINE");
    line.put(DataElement::new(
        tags::COMPOUND_GRAPHIC_INSTANCE_ID,
        VR::UL,
        PrimitiveValue::from(7_u32),
    ));
    floats(&mut line, tags::GRAPHIC_DATA, &[2.0, 0.0, 2.0, 160.0]);
    line
}

fn shown(compound: Vec<InMemDicomObject>, simple: Vec<InMemDicomObject>) -> Picture {
    let mut annotation = InMemDicomObject::new_empty();
    text(&mut annotation, tags::GRAPHIC_LAYER, VR::CS, "MARKS");
    items(&mut annotation, tags::COMPOUND_GRAPHIC_SEQUENCE, compound);
    items(&mut annotation, tags::GRAPHIC_OBJECT_SEQUENCE, simple);
    let mut reference = InMemDicomObject::new_empty();
    text(
        &mut reference,
        tags::REFERENCED_SOP_INSTANCE_UID,
        VR::UI,
        "1.2.3",
    );
    let mut series = InMemDicomObject::new_empty();
    text(&mut series, tags::SERIES_INSTANCE_UID, VR::UI, "1.2");
    items(
        &mut series,
        tags::REFERENCED_IMAGE_SEQUENCE,
        vec![reference],
    );
    let mut state = InMemDicomObject::new_empty();
    items(&mut state, tags::REFERENCED_SERIES_SEQUENCE, vec![series]);
    items(
        &mut state,
        tags::GRAPHIC_ANNOTATION_SEQUENCE,
        vec![annotation],
    );
    let state = Presentation::read(&state).unwrap();
    let with = With {
        presentation: Some(&state),
        ..With::default()
    };
    let pixels = vec![0; (WIDTH * HEIGHT) as usize];
    let picture = frame::render_with(
        &black(),
        "1.2.840.10008.1.2.1",
        &pixels,
        1,
        &Options::default(),
        &with,
    )
    .unwrap();
    if let Some(folder) = std::env::var_os("LOOK_AT") {
        let count = std::fs::read_dir(&folder).unwrap().count();
        let path = std::path::Path::new(&folder).join(format!("compound-{count:02}.png"));
        std::fs::write(path, picture.png().unwrap()).unwrap();
    }
    picture
}

/// The brightest of a pixel and its neighbours.
fn near(picture: &Picture, (x, y): (usize, usize)) -> u8 {
    let grey = grey(picture);
    let around = (y.saturating_sub(1)..=y + 1)
        .flat_map(|y| (x.saturating_sub(1)..=x + 1).map(move |x| (x, y)));
    around
        .filter(|&(x, y)| x < WIDTH as usize && y < HEIGHT as usize)
        .map(|(x, y)| grey[y * WIDTH as usize + x])
        .max()
        .unwrap()
}

struct Case {
    graphic: InMemDicomObject,
    drawn: &'static [(usize, usize)],
    black: &'static [(usize, usize)],
}

fn turned(mut graphic: InMemDicomObject, angle: f64, around: [f32; 2]) -> InMemDicomObject {
    graphic.put(DataElement::new(
        tags::ROTATION_ANGLE,
        VR::FD,
        PrimitiveValue::from(angle),
    ));
    floats(&mut graphic, tags::ROTATION_POINT, &around);
    graphic
}

fn ruler(kind: &str, alignment: &str) -> InMemDicomObject {
    let mut ruler = graphic(kind, "PIXEL", &[40.0, 80.0, 140.0, 80.0]);
    let ticks = [(0.0, "0"), (0.5, "5"), (1.0, "10")].map(|(at, label)| {
        let mut tick = InMemDicomObject::new_empty();
        floats(&mut tick, tags::TICK_POSITION, &[at]);
        text(&mut tick, tags::TICK_LABEL, VR::SH, label);
        tick
    });
    items(&mut ruler, tags::MAJOR_TICKS_SEQUENCE, ticks.to_vec());
    text(&mut ruler, tags::TICK_ALIGNMENT, VR::CS, alignment);
    text(&mut ruler, tags::TICK_LABEL_ALIGNMENT, VR::CS, "BOTTOM");
    text(&mut ruler, tags::SHOW_TICK_LABEL, VR::CS, "Y");
    ruler
}

fn with_length(mut graphic: InMemDicomObject, tag: Tag, share: f32) -> InMemDicomObject {
    floats(&mut graphic, tag, &[share]);
    graphic
}

fn cases() -> Vec<Case> {
    let corners = [50.0, 40.0, 150.0, 120.0];
    vec![
        Case {
            graphic: graphic("RECTANGLE", "PIXEL", &corners),
            drawn: &[(50, 40), (150, 40), (100, 40), (50, 80), (100, 120)],
            black: &[(100, 80), (30, 40), (60, 50)],
        },
        Case {
            graphic: graphic("RECTANGLE", "DISPLAY", &[0.25, 0.25, 0.75, 0.75]),
            drawn: &[(50, 40), (150, 40), (100, 120)],
            black: &[(100, 80), (60, 50)],
        },
        // Counterclockwise by a quarter: 100 x 80 becomes 80 x 100.
        Case {
            graphic: turned(graphic("RECTANGLE", "PIXEL", &corners), 90.0, [100.0, 80.0]),
            drawn: &[(60, 30), (140, 30), (140, 130), (60, 80)],
            black: &[(50, 80), (150, 80), (100, 80)],
        },
        Case {
            graphic: graphic("ELLIPSE", "PIXEL", &corners),
            drawn: &[(50, 80), (150, 80), (100, 40), (100, 120)],
            black: &[(52, 42), (148, 118), (100, 80)],
        },
        Case {
            graphic: graphic(
                "MULTILINE",
                "PIXEL",
                &[10.0, 20.0, 60.0, 20.0, 100.0, 60.0, 100.0, 100.0],
            ),
            drawn: &[(30, 20), (100, 80)],
            black: &[(80, 40), (60, 60)],
        },
        Case {
            graphic: graphic("INFINITELINE", "PIXEL", &[90.0, 80.0, 110.0, 80.0]),
            drawn: &[(1, 80), (100, 80), (198, 80)],
            black: &[(100, 60), (100, 100)],
        },
        Case {
            graphic: with_length(
                turned(
                    graphic("INFINITELINE", "PIXEL", &[90.0, 80.0, 110.0, 80.0]),
                    0.0,
                    [100.0, 80.0],
                ),
                tags::GAP_LENGTH,
                0.2,
            ),
            drawn: &[(1, 80), (75, 80), (125, 80), (198, 80)],
            black: &[(85, 80), (100, 80), (115, 80)],
        },
        // From left to right the right side is below: two arrows come from there.
        Case {
            graphic: graphic("CUTLINE", "PIXEL", &[40.0, 60.0, 160.0, 60.0]),
            drawn: &[(2, 60), (197, 60), (70, 80), (130, 80), (67, 67), (73, 67)],
            black: &[(70, 50), (130, 50), (100, 80)],
        },
        Case {
            graphic: ruler("RULER", "TOP"),
            drawn: &[(60, 80), (40, 76), (90, 76), (140, 76), (90, 95)],
            black: &[(65, 76), (40, 84), (150, 80)],
        },
        Case {
            graphic: ruler("AXIS", "CENTER"),
            drawn: &[(60, 80), (40, 76), (40, 84), (140, 84)],
            black: &[(65, 76), (65, 84)],
        },
        Case {
            graphic: with_length(
                graphic("CROSSHAIR", "PIXEL", &[100.0, 80.0]),
                tags::GAP_LENGTH,
                0.1,
            ),
            drawn: &[(2, 80), (198, 80), (100, 2), (100, 158), (88, 80)],
            black: &[(100, 80), (95, 80), (100, 85), (50, 40)],
        },
        Case {
            graphic: with_length(
                graphic("CROSSHAIR", "PIXEL", &[100.0, 80.0]),
                tags::DIAMETER_OF_VISIBILITY,
                0.4,
            ),
            drawn: &[(65, 80), (135, 80), (100, 115), (100, 80)],
            black: &[(50, 80), (150, 80), (100, 130)],
        },
        Case {
            graphic: graphic("ARROW", "PIXEL", &[40.0, 40.0, 120.0, 40.0]),
            drawn: &[(60, 40), (118, 40), (113, 36), (113, 44)],
            black: &[(48, 36), (130, 40)],
        },
    ]
}

#[test]
fn every_kind_lies_where_its_points_say_and_its_equivalent_is_not_drawn_too() {
    for (number, case) in cases().into_iter().enumerate() {
        let picture = shown(vec![case.graphic], vec![equivalent()]);
        for &place in case.drawn {
            let level = near(&picture, place);
            assert!(level > 150, "case {number}: {place:?} is {level}");
        }
        for &place in case.black {
            let level = near(&picture, place);
            assert!(level < 60, "case {number}: {place:?} is {level}");
        }
        assert!(near(&picture, (2, 20)) < 60, "case {number}: drawn twice");
        assert!(
            picture.shown.to_string().ends_with("1 annotation(s) drawn"),
            "{}",
            picture.shown
        );
    }
}

#[test]
fn what_is_of_no_known_kind_is_drawn_as_its_equivalent_or_said_to_be_missing() {
    let points = [50.0, 40.0, 150.0, 120.0];
    let unknown = || graphic("RANGELINE", "PIXEL", &points);
    let picture = shown(vec![unknown()], vec![equivalent()]);
    assert!(near(&picture, (2, 20)) > 150);
    assert!(!picture.shown.to_string().contains("not drawn"));
    for broken in [
        unknown(),
        graphic("RULER", "PIXEL", &[1.0]),
        graphic("ARROW", "PIXEL", &[5.0, 5.0, 5.0, 5.0]),
        graphic("ELLIPSE", "MILLIMETRE", &points),
        graphic("CUTLINE", "PIXEL", &[f32::NAN, 0.0, 1.0, f32::INFINITY]),
    ] {
        let picture = shown(vec![broken], Vec::new());
        let said = picture.shown.to_string();
        assert!(
            said.contains("1 annotation(s) of the presentation state are not drawn"),
            "{said}"
        );
    }
}
