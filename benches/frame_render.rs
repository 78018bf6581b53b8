//! How long a frame takes to become a picture: decoding, the grey-scale pipeline, PNG and JPEG.
//!
//! `cargo bench -p dicom-benches --bench frame_render`; `-- --test` runs each case once.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use dicom_fixtures::{Instance, Study, TransferSyntax, ct, real, ultrasound};
use dicom_render::frame::{Options, bytes_of, render};

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
        let frame = bytes_of(&self.object, 1).expect("the fixtures have a first frame");
        let syntax = self.object.meta().transfer_syntax();
        render(&self.object, syntax, &frame, 1, &Options::default())
            .expect("the fixtures can be shown")
    }
}

fn frames(criterion: &mut Criterion) {
    let chest = || ct("chest").slices(1);
    let echo = || ultrasound().frames(1);
    let first = |study: Study| study.instances()[0].clone();
    let ct_512 = Case::of("CT 512x512 native", &first(chest()));
    let colour = Case::of("ultrasound native", &first(echo()));

    let mut group = criterion.benchmark_group("frame_render");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    for case in [&ct_512, &colour] {
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
        Case::real("MR 64x64 JPEG 2000 lossless", "MR_small_jp2klossless.dcm"),
        Case::real("NM 1024x256 JPEG 2000", "JPEG2000.dcm"),
    ];
    for case in encoded.iter().flatten() {
        group.bench_function(format!("{} to pixels", case.name), |bencher| {
            bencher.iter(|| black_box(case.picture()));
        });
    }
    group.finish();
}

criterion_group!(benches, frames);
criterion_main!(benches);
