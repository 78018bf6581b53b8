//! Segmentations, dose, slides and waveforms.

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::real;
use dicom_object::InMemDicomObject;
use dicom_render::dose::{Dose, DoseError};
use dicom_render::encode::Pixels;
use dicom_render::frame::{self, NativeFrame, Options, With};
use dicom_render::segmentation::{Segmentation, SegmentationError};
use dicom_render::slide::{self, Level};
use dicom_render::waveform::{self, WaveformError};

use crate::support::{EXPLICIT_LITTLE, decimals, number, rgb, row, text};

fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> DataElement<InMemDicomObject> {
    DataElement::new(tag, VR::SQ, DataSetSequence::from(items))
}

fn item(put: impl FnOnce(&mut InMemDicomObject)) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    put(&mut item);
    item
}

fn bytes_of(samples: Vec<u8>, rows: u16, columns: u16, allocated: u16) -> NativeFrame {
    NativeFrame {
        rows,
        columns,
        samples_per_pixel: 1,
        bits_allocated: allocated,
        bits_stored: allocated,
        high_bit: allocated - 1,
        pixel_representation: 0,
        photometric_interpretation: "MONOCHROME2".to_owned(),
        planar_configuration: 0,
        data: samples,
    }
}

/// An image of 4 x 3 pixels of value 100 at z = 10, and a segmentation of it whose two segments are of columns 1 and 3.
fn segmented() -> (InMemDicomObject, InMemDicomObject) {
    let place = |object: &mut InMemDicomObject| {
        decimals(
            object,
            &[
                (tags::IMAGE_POSITION_PATIENT, "0\\0\\10"),
                (tags::IMAGE_ORIENTATION_PATIENT, "1\\0\\0\\0\\1\\0"),
                (tags::PIXEL_SPACING, "2\\2"),
            ],
        );
    };
    let mut image = row(4, 8, 8);
    number(&mut image, tags::ROWS, 3);
    text(&mut image, tags::SOP_INSTANCE_UID, VR::UI, "2.25.5");
    place(&mut image);
    let mut seg = row(4, 1, 1);
    number(&mut seg, tags::ROWS, 3);
    text(&mut seg, tags::NUMBER_OF_FRAMES, VR::IS, "2");
    text(&mut seg, tags::SEGMENTATION_TYPE, VR::CS, "BINARY");
    let segments = [(1, "Liver"), (2, "Tumour")].map(|(segment, label)| {
        item(|it| {
            number(it, tags::SEGMENT_NUMBER, segment);
            text(it, tags::SEGMENT_LABEL, VR::LO, label);
        })
    });
    seg.put(sequence(tags::SEGMENT_SEQUENCE, segments.into()));
    let frames = [1, 2].map(|segment| {
        item(|it| {
            let source = item(|it| text(it, tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, "2.25.5"));
            let derived = item(|it| {
                it.put(sequence(tags::SOURCE_IMAGE_SEQUENCE, vec![source]));
            });
            it.put(sequence(tags::DERIVATION_IMAGE_SEQUENCE, vec![derived]));
            let named = item(|it| number(it, tags::REFERENCED_SEGMENT_NUMBER, segment));
            it.put(sequence(tags::SEGMENT_IDENTIFICATION_SEQUENCE, vec![named]));
        })
    });
    seg.put(sequence(
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        frames.into(),
    ));
    (image, seg)
}

fn column(frame: u32) -> NativeFrame {
    // Bits of three rows of four columns, the least significant first.
    let bits: u16 = if frame == 1 {
        0b0010_0010_0010
    } else {
        0b1000_1000_1000
    };
    bytes_of(bits.to_le_bytes().into(), 3, 4, 1)
}

#[test]
fn segments_are_colours_over_their_image() {
    let (image, seg) = segmented();
    let seg = Segmentation::read(&seg).unwrap();
    let layer = seg.layer(&image, 1, |frame| Ok(column(frame))).unwrap();
    let layers = [layer];
    let with = With {
        layers: &layers,
        ..With::default()
    };
    let picture = frame::render_with(
        &image,
        EXPLICIT_LITTLE,
        &[100; 12],
        1,
        &Options::default(),
        &with,
    )
    .unwrap();
    let colours = rgb(&picture);
    assert_eq!(colours[0], [100; 3]);
    assert!(
        colours[1][0] > 200 && colours[1][1] < 90,
        "{:?}",
        colours[1]
    );
    assert!(
        colours[3][1] > 150 && colours[3][0] < 90,
        "{:?}",
        colours[3]
    );
    assert!(
        picture
            .shown
            .to_string()
            .ends_with("with 2 segment(s) (Liver, Tumour) in colours"),
        "{}",
        picture.shown
    );
}

#[test]
fn segments_have_a_volume_where_distances_are_known() {
    let (_, mut seg) = segmented();
    let read = Segmentation::read(&seg).unwrap();
    let unknown = read.volumes(&seg, |frame| Ok(column(frame))).unwrap();
    assert_eq!(unknown, None);
    let measures = item(|it| {
        decimals(
            it,
            &[(tags::PIXEL_SPACING, "2\\2"), (tags::SLICE_THICKNESS, "5")],
        );
    });
    let shared = item(|it| {
        it.put(sequence(tags::PIXEL_MEASURES_SEQUENCE, vec![measures]));
    });
    seg.put(sequence(
        tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
        vec![shared],
    ));
    // Three voxels of 20 cubic millimetres each.
    let volumes = read.volumes(&seg, |frame| Ok(column(frame))).unwrap();
    assert_eq!(volumes, Some(vec![(1, 0.06), (2, 0.06)]));
}

#[test]
fn a_segmentation_of_another_image_is_refused() {
    let (mut image, seg) = segmented();
    let seg = Segmentation::read(&seg).unwrap();
    text(&mut image, tags::SOP_INSTANCE_UID, VR::UI, "2.25.6");
    let refused = seg.layer(&image, 1, |frame| Ok(column(frame))).unwrap_err();
    assert!(
        matches!(refused, SegmentationError::Elsewhere { frame: 1 }),
        "{refused}"
    );
    assert!(matches!(
        Segmentation::read(&image),
        Err(SegmentationError::NoSegmentation)
    ));
}

/// A dose of two frames 4 mm apart, 2 x 2 points 10 mm apart, from 0 to 3 Gy below and twice that above.
fn dose() -> Dose {
    let mut grid = row(2, 16, 16);
    number(&mut grid, tags::ROWS, 2);
    text(&mut grid, tags::NUMBER_OF_FRAMES, VR::IS, "2");
    text(&mut grid, tags::DOSE_UNITS, VR::CS, "GY");
    text(&mut grid, tags::DOSE_SUMMATION_TYPE, VR::CS, "PLAN");
    decimals(
        &mut grid,
        &[
            (tags::DOSE_GRID_SCALING, "0.001"),
            (tags::GRID_FRAME_OFFSET_VECTOR, "0\\4"),
            (tags::IMAGE_POSITION_PATIENT, "0\\0\\100"),
            (tags::IMAGE_ORIENTATION_PATIENT, "1\\0\\0\\0\\1\\0"),
            (tags::PIXEL_SPACING, "10\\10"),
        ],
    );
    Dose::read(&grid, |frame| {
        let cells = [0u16, 1000, 2000, 3000].map(|value| value * frame as u16);
        Ok(bytes_of(
            cells.iter().flat_map(|cell| cell.to_le_bytes()).collect(),
            2,
            2,
            16,
        ))
    })
    .unwrap()
}

#[test]
fn dose_is_found_between_the_points_of_its_grid() {
    let dose = dose();
    assert_eq!(dose.highest, 6.0);
    let image = |position: &str| {
        let mut image = row(3, 8, 8);
        decimals(
            &mut image,
            &[
                (tags::IMAGE_POSITION_PATIENT, position),
                (tags::IMAGE_ORIENTATION_PATIENT, "1\\0\\0\\0\\1\\0"),
                (tags::PIXEL_SPACING, "5\\5"),
            ],
        );
        image
    };
    // At z = 102 doses are 1.5 times the lower ones; along x 0, 0.75 and 1.5 Gy of 6.
    let layer = dose.layer(&image("0\\0\\102"), 1).unwrap();
    assert_eq!(layer.pixels[0], [0; 4]);
    assert_eq!(layer.pixels[1][3], 120);
    assert!(
        layer.pixels[2][2] > layer.pixels[2][0],
        "{:?}",
        layer.pixels[2]
    );
    assert!(layer.name.contains("6.000 Gy"), "{}", layer.name);
    // Outside of the grid there is none.
    let layer = dose.layer(&image("0\\0\\99"), 1).unwrap();
    assert!(layer.pixels.iter().all(|pixel| pixel[3] == 0));
    let nowhere = row(3, 8, 8);
    assert!(matches!(
        dose.layer(&nowhere, 1),
        Err(DoseError::NoPlace("image"))
    ));
}

/// The doses that pydicom and numpy compute, by `doses/make.py`.
#[test]
fn doses_of_a_real_plan_are_those_of_pydicom_and_numpy() {
    let bytes = dicom_fixtures::real::named("rtdose").unwrap().bytes;
    let object = dicom_object::from_reader(bytes).unwrap();
    let syntax = object.meta().transfer_syntax().to_owned();
    let native = |frame| {
        let bytes = frame::bytes_of(&object, frame)?;
        frame::native(&object, &syntax, &bytes, frame)
    };
    let dose = Dose::read(&object, native).unwrap();
    let lines = include_str!("../doses/points.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    let mut inside = 0;
    for line in lines {
        let columns: Vec<&str> = line.split('\t').collect();
        let number = |at: usize| columns[at].parse::<f64>().ok();
        let point = [1, 2, 3].map(|at| number(at).unwrap());
        match (number(4), dose.at(point)) {
            (Some(expected), Some(got)) => {
                inside += 1;
                assert!((expected - got).abs() < 2e-6, "{line}: got {got}");
            }
            (None, None) => (),
            (_, got) => panic!("{line}: got {got:?}"),
        }
    }
    assert!(inside > 50, "{inside} points within the grid");
}

#[test]
fn a_dose_alone_has_its_highest_in_red_and_a_legend() {
    let dose = dose();
    let mut picture = dose.picture(2).unwrap();
    let Pixels::Rgb8(samples) = &picture.pixels else {
        panic!("a wash has colours")
    };
    assert!(samples[9] > 100 && samples[11] == 0, "{samples:?}");
    assert_eq!(samples[..3], [0; 3]);
    assert!(dose.picture(3).is_none() && dose.picture(0).is_none());
    dose.legend(&mut picture);
}

/// A slide of 5 x 3 pixels in tiles of 2 x 2, each tile of one grey.
fn level() -> InMemDicomObject {
    let mut slide = row(2, 8, 8);
    number(&mut slide, tags::ROWS, 2);
    text(&mut slide, tags::NUMBER_OF_FRAMES, VR::IS, "6");
    for (tag, size) in [
        (tags::TOTAL_PIXEL_MATRIX_COLUMNS, 5u32),
        (tags::TOTAL_PIXEL_MATRIX_ROWS, 3),
    ] {
        slide.put(DataElement::new(tag, VR::UL, PrimitiveValue::from(size)));
    }
    slide
}

#[test]
fn tiles_are_put_together_and_cut_at_the_edge_of_the_slide() {
    let slide = level();
    let level = Level::read(&slide).unwrap();
    assert_eq!(
        level.tiles[..4],
        [(1, 0, 0), (2, 2, 0), (3, 4, 0), (4, 0, 2)]
    );
    let tile = |frame: u32| Ok(vec![frame as u8 * 10; 4].into());
    let whole = slide::assemble(
        &slide,
        EXPLICIT_LITTLE,
        &level,
        5,
        &Options::default(),
        tile,
    )
    .unwrap();
    let greys: Vec<u8> = rgb(&whole).iter().map(|pixel| pixel[0]).collect();
    assert_eq!(
        greys,
        [10, 10, 20, 20, 30, 10, 10, 20, 20, 30, 40, 40, 50, 50, 60]
    );
    let half = slide::assemble(
        &slide,
        EXPLICIT_LITTLE,
        &level,
        3,
        &Options::default(),
        tile,
    )
    .unwrap();
    assert_eq!((half.width, half.height), (3, 2));
    assert_eq!(rgb(&half)[0], [10; 3]);
}

#[test]
fn the_level_that_fits_is_taken() {
    let of = |columns| Level {
        columns,
        rows: 10,
        tiles: Vec::new(),
    };
    let levels = [of(40_000), of(2_500), of(600)];
    assert_eq!(slide::fitting(&levels, 1024), Some(1));
    assert_eq!(slide::fitting(&levels, 500), Some(2));
    assert_eq!(slide::fitting(&levels, 100_000), Some(0));
    assert_eq!(slide::fitting(&[], 500), None);
}

#[test]
fn a_slide_beyond_the_limit_is_refused_before_a_tile_is_read() {
    let mut slide = level();
    let vast = PrimitiveValue::from(4_000_000_000u32);
    slide.put(DataElement::new(
        tags::TOTAL_PIXEL_MATRIX_COLUMNS,
        VR::UL,
        vast,
    ));
    let level = Level::read(&slide).unwrap();
    let refused = slide::assemble(
        &slide,
        EXPLICIT_LITTLE,
        &level,
        5,
        &Options::default(),
        |_| panic!("no tile is needed"),
    );
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("more than the limit")
    );
}

#[test]
fn an_ecg_is_in_millivolts_on_a_page_of_twelve_leads() {
    let object = dicom_object::from_reader(real::named("waveform_ecg").unwrap().bytes).unwrap();
    let groups = waveform::read(&object).unwrap();
    let names: Vec<&str> = groups[0]
        .channels
        .iter()
        .map(|channel| channel.name.as_str())
        .collect();
    assert_eq!(names[..3], ["Lead I (Einthoven)", "Lead II", "Lead III"]);
    assert_eq!((groups[0].frequency, groups[0].seconds()), (1000.0, 10.0));
    // pydicom 3.0.2: waveform_array(ds, 0)[:3, 0] is 100, 81.25, 62.5 microvolts.
    assert_eq!(groups[0].channels[0].unit, "uV");
    assert_eq!(groups[0].channels[0].values[..3], [100.0, 81.25, 62.5]);
    let picture = waveform::plot(&groups[0]);
    assert_eq!((picture.width, picture.height), (1080, 548));
    assert!(
        picture
            .shown
            .to_string()
            .contains("12 channels at 1000 Hz, 10.0 of 10.0 s, 25 mm/s"),
        "{}",
        picture.shown
    );
}

#[test]
fn a_waveform_whose_numbers_do_not_go_together_is_refused() {
    let object = dicom_object::from_reader(real::named("waveform_ecg").unwrap().bytes).unwrap();
    let mut group = object
        .get(tags::WAVEFORM_SEQUENCE)
        .unwrap()
        .items()
        .unwrap()[0]
        .clone();
    let samples = PrimitiveValue::from(5_000_000u32);
    group.put(DataElement::new(
        tags::NUMBER_OF_WAVEFORM_SAMPLES,
        VR::UL,
        samples,
    ));
    let broken = item(|it| {
        it.put(sequence(tags::WAVEFORM_SEQUENCE, vec![group]));
    });
    let refused = waveform::read(&broken).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "group 1 of the waveform: 240000 bytes of data, 120000000 are needed"
    );
    assert_eq!(
        waveform::read(&InMemDicomObject::new_empty()),
        Err(WaveformError::None)
    );
}
