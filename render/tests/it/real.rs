//! Files of other makers, against figures of pydicom 3.0.2 with pylibjpeg (libjpeg 2.5.0, openjpeg 2.6.0) and numpy.
//!
//! Recipe: `a = pixel_array(ds, index=0, raw=True)`; the digest is SHA-256 of `a` as little endian bytes, its first eight
//! bytes. Mean and levels (at 1/7, 2/7 .. 6/7 of the samples) are of the formulas of PS3.3 C.11 applied to `a` with the
//! first window, else all of eight bits, else center 40 and width 400 for CT, else from the 0.5th to the 99.5th percentile; of colours,
//! `pixel_array(ds)`.

use dicom_fixtures::real;
use dicom_render::encode::Pixels;
use dicom_render::frame::{self, Options};
use sha2::{Digest, Sha256};

/// Name, digest (none where the codec is lossy and rounds as it likes), mean level, levels.
type Row = (&'static str, Option<&'static str>, f64, [u8; 6]);

const FILES: [Row; 15] = [
    (
        "CT_small",
        Some("7a481f6ffff833ae"),
        101.52,
        [0, 255, 0, 192, 103, 140],
    ),
    (
        "JPEG2000",
        Some("0b1224a6dcd0dceb"),
        49.59,
        [14, 155, 46, 21, 58, 19],
    ),
    ("JPGExtended", None, 32.22, [2, 137, 41, 2, 23, 2]),
    (
        "MR_small",
        Some("88617aaa46138fb1"),
        113.07,
        [151, 94, 67, 151, 115, 255],
    ),
    (
        "MR_small_RLE",
        Some("88617aaa46138fb1"),
        113.07,
        [151, 94, 67, 151, 115, 255],
    ),
    (
        "MR_small_bigendian",
        Some("88617aaa46138fb1"),
        113.07,
        [151, 94, 67, 151, 115, 255],
    ),
    (
        "MR_small_jp2klossless",
        Some("88617aaa46138fb1"),
        113.07,
        [151, 94, 67, 151, 115, 255],
    ),
    (
        "MR_small_jpeg_ls_lossless",
        Some("88617aaa46138fb1"),
        113.07,
        [151, 94, 67, 151, 115, 255],
    ),
    (
        "JPEGLSNearLossless_08",
        Some("9eb46aa86c342094"),
        55.56,
        [125, 65, 30, 5, 5, 0],
    ),
    (
        "SC_rgb_dcmtk_+eb+cy+n1",
        None,
        127.58,
        [128, 0, 254, 127, 64, 192],
    ),
    (
        "SC_rgb_jpeg_gdcm",
        Some("169e619557b12114"),
        127.70,
        [128, 0, 255, 128, 64, 192],
    ),
    (
        "image_dfl",
        Some("1f5f1b1c1a57606a"),
        127.12,
        [255, 7, 7, 42, 42, 219],
    ),
    ("liver_1frame", None, 35.25, [0, 0, 255, 0, 0, 0]),
    (
        "rtdose",
        Some("67f96b3373d7acf1"),
        121.55,
        [219, 192, 132, 106, 49, 24],
    ),
    ("MR2_J2KI", None, 36.15, [9, 143, 44, 4, 39, 9]),
];

#[test]
fn real_files_look_as_they_do_elsewhere() {
    for (name, digest, mean, levels) in FILES {
        let file = real::named(name).unwrap();
        let object = dicom_object::from_reader(file.bytes).unwrap();
        let syntax = object.meta().transfer_syntax();
        let bytes = frame::bytes_of(&object, 1).unwrap();

        let picture = frame::render(&object, syntax, &bytes, 1, &Options::default()).unwrap();
        let native = frame::native(&object, syntax, &bytes, 1).unwrap();

        if let Some(digest) = digest {
            let found: String = Sha256::digest(&native.data)[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(found, digest, "{name}");
        }
        let (Pixels::Grey8(pixels) | Pixels::Rgb8(pixels)) = &picture.pixels else {
            panic!("eight bits were asked for")
        };
        let found = pixels.iter().map(|&level| f64::from(level)).sum::<f64>() / pixels.len() as f64;
        assert!(
            (found - mean).abs() < 0.2,
            "{name}: mean {found}, not {mean}"
        );
        for (sevenths, level) in (1..).zip(levels) {
            let found = pixels[pixels.len() * sevenths / 7];
            assert!(
                found.abs_diff(level) <= 2,
                "{name}: {found} at {sevenths}/7, not {level}"
            );
        }
    }
}

#[test]
fn one_picture_in_every_syntax_of_the_fixtures_is_the_same() {
    let study = |syntax| {
        dicom_fixtures::ct("chest")
            .size(64)
            .slices(1)
            .encode(syntax)
    };
    let picture = |syntax| {
        let study = study(syntax);
        let instance = &study.instances()[0];
        let object = instance.object();
        let bytes = frame::bytes_of(&object, 1).unwrap();
        frame::render(
            &object,
            &instance.transfer_syntax,
            &bytes,
            1,
            &Options::default(),
        )
        .unwrap()
    };
    let expected = picture(dicom_fixtures::TransferSyntax::ExplicitLittle);
    for syntax in dicom_fixtures::TransferSyntax::ALL {
        let found = picture(syntax);
        let (Pixels::Grey8(found), Pixels::Grey8(expected)) = (&found.pixels, &expected.pixels)
        else {
            panic!()
        };
        let difference: u64 = found
            .iter()
            .zip(expected)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let lossy = syntax == dicom_fixtures::TransferSyntax::JpegBaseline;
        assert!(
            difference <= if lossy { 4 * found.len() as u64 } else { 0 },
            "{syntax:?}: {difference}"
        );
    }
}
