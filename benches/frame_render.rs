//! How long a frame takes to become a picture: decoding, the grey-scale pipeline, PNG and JPEG.
//!
//! `cargo bench -p dicom-benches --bench frame_render`; `-- --test` runs each case once.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{Instance, Study, TransferSyntax, ct, real, ultrasound};
use dicom_object::DefaultDicomObject;
use dicom_render::frame::{Options, bytes_of, render};
use dicom_render::sheet::Sheet;

/// One frame and what describes it.
struct Case {
    name: &'static str,
    object: dicom_object::DefaultDicomObject,
}

impl Case {
    fn of(name: &'static str, instance: &Instance) -> Self {
        Self {
            name,
            object: instance.object(),
        }
    }

    /// A real file of the fixtures.
    fn real(name: &'static str, file: &str) -> Option<Self> {
        let bytes = real::named(file)?.bytes;
        Some(Self {
            name,
            object: dicom_object::from_reader(bytes).ok()?,
        })
    }

    fn picture(&self) -> dicom_render::encode::Picture {
        self.fitting(u32::MAX)
    }

    /// The picture with its longer side at most this long.
    fn fitting(&self, edge: u32) -> dicom_render::encode::Picture {
        let options = Options {
            max_edge: Some(edge),
            ..Options::default()
        };
        let frame = bytes_of(&self.object, 1).expect("the fixtures have a first frame");
        let syntax = self.object.meta().transfer_syntax();
        render(&self.object, syntax, &frame, 1, &options).expect("the fixtures can be shown")
    }
}

fn frames(criterion: &mut Criterion) {
    let chest = || ct("chest").slices(1);
    let echo = || ultrasound().frames(1);
    let first = |study: Study| study.instances()[0].clone();
    let ct_512 = Case::of("CT 512x512 native", &first(chest()));
    let radiograph = Case::of(
        "radiograph 2048x2048 native",
        &first(ct("chest").size(2048).slices(1)),
    );
    let colour = Case {
        name: "RGB 1024x1024 native",
        object: rgb(1024),
    };

    let mut group = criterion.benchmark_group("frame_render");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    for case in [&ct_512, &radiograph, &colour] {
        group.bench_function(format!("{} to PNG", case.name), |bencher| {
            bencher.iter(|| black_box(case.picture().png()));
        });
        group.bench_function(format!("{} to JPEG", case.name), |bencher| {
            bencher.iter(|| black_box(case.picture().jpeg(90)));
        });
    }
    let encoded = [
        Some(Case::of(
            "CT 512x512 RLE",
            &first(chest().encode(TransferSyntax::Rle)),
        )),
        Some(Case::of(
            "ultrasound JPEG",
            &first(echo().encode(TransferSyntax::JpegBaseline)),
        )),
        Case::real("MR 64x64 JPEG 2000 lossless", "MR_small_jp2klossless"),
        Case::real("NM 1024x256 JPEG 2000", "JPEG2000"),
        Case::real("MR 1024x1024 JPEG 2000", "MR2_J2KI"),
        Case::real("MR 64x64 JPEG-LS lossless", "MR_small_jpeg_ls_lossless"),
        encoded("CT JPEG-LS lossless", "ct-jpegls-lossless"),
        encoded("CT JPEG lossless", "ct-jpeg-lossless-sv1"),
    ];
    for case in encoded.iter().flatten() {
        group.bench_function(format!("{} to pixels", case.name), |bencher| {
            bencher.iter(|| black_box(case.picture()));
        });
    }
    let sixteen: Vec<Case> = ct("chest")
        .slices(16)
        .instances()
        .iter()
        .map(|slice| Case::of("slice", slice))
        .collect();
    group.bench_function("contact sheet of 16 CT 512x512 to JPEG", |bencher| {
        bencher.iter(|| {
            let mut sheet = Sheet::new(256);
            for slice in &sixteen {
                sheet.put(&slice.fitting(256), "image");
            }
            black_box(sheet.picture().jpeg(90))
        });
    });
    group.finish();
}

/// A picture of ours in a syntax that needs somebody else's encoder.
fn encoded(name: &'static str, file: &str) -> Option<Case> {
    let bytes = dicom_fixtures::encoded::named(file)?.bytes;
    Some(Case {
        name,
        object: dicom_object::from_reader(bytes).ok()?,
    })
}

/// Square colours with a slope and some texture.
fn rgb(edge: u16) -> DefaultDicomObject {
    let mut object = ultrasound().width(64).frames(1).instances()[0].object();
    let number = |tag, value| DataElement::new(tag, VR::US, PrimitiveValue::from(value));
    object.put(number(tags::ROWS, edge));
    object.put(number(tags::COLUMNS, edge));
    let edge = usize::from(edge);
    let samples: Vec<u8> = (0..edge * edge)
        .flat_map(|at| {
            let (x, y) = (at % edge, at / edge);
            let texture = ((x * 7919) ^ (y * 104_729)) % 23;
            [
                (x / 5 + texture) as u8,
                (y / 5 + texture) as u8,
                ((x + y) / 9 + texture) as u8,
            ]
        })
        .collect();
    object.put(DataElement::new(
        tags::PIXEL_DATA,
        VR::OB,
        PrimitiveValue::from(samples),
    ));
    object
}

criterion_group!(benches, frames);
criterion_main!(benches);
