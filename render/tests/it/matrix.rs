//! Every photometric interpretation, bit depth and transfer syntax, against what other people's decoders make of the same file.
//!
//! `tests/matrix/` has the files, made by `make.py` there with the versions in PROVENANCE.md: NAME.dcm, NAME.raw with the samples
//! as pydicom's plugins, DCMTK, OpenJPEG, OpenJPH or libjxl decode them, and NAME.pnm with the picture that dcmj2pnm draws of those samples.

use std::path::{Path, PathBuf};

use dicom_object::DefaultDicomObject;
use dicom_render::encode::Pixels;
use dicom_render::frame::{self, Options};

/// Encoders that lose something; their decoders may round as they like.
const LOSSY: [&str; 9] = [
    "jpeg-baseline",
    "jpeg-extended",
    "jpeg-spectral",
    "jpeg-progressive",
    "j2k-grey",
    "j2k-rgb",
    "htj2k-grey",
    "htj2k-rgb",
    "jpegxl-",
];

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix")
}

/// All files by name.
pub(crate) fn files() -> Vec<(String, DefaultDicomObject)> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".dcm").map(str::to_owned)
        })
        .collect();
    names.sort();
    assert!(names.len() > 100, "{} files are there", names.len());
    names
        .into_iter()
        .map(|name| {
            let bytes = std::fs::read(folder().join(format!("{name}.dcm"))).unwrap();
            let object = open(&bytes).unwrap_or_else(|why| panic!("{name}: {why}"));
            (name, object)
        })
        .collect()
}

/// A file in any transfer syntax: the parser in use knows neither JPEG XL nor deflated frames.
fn open(bytes: &[u8]) -> Result<DefaultDicomObject, Box<dyn std::error::Error>> {
    if let Ok(object) = dicom_object::from_reader(bytes) {
        return Ok(object);
    }
    let meta = dicom_object::FileMetaTable::from_reader(&bytes[128..])?;
    let length = meta.information_group_length as usize;
    // Preamble, mark, the group length itself.
    let start = 128 + 4 + 12 + length;
    let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
    let set = dicom_object::InMemDicomObject::read_dataset_with_ts(&bytes[start..], &syntax)?;
    Ok(set.with_exact_meta(meta))
}

fn is_lossy(name: &str) -> bool {
    LOSSY.iter().any(|lossy| name.starts_with(lossy)) && !name.starts_with("jpegxl-lossless")
}

#[test]
fn samples_are_those_of_other_decoders() {
    let mut wrong = Vec::new();
    for (name, object) in files() {
        let expected = std::fs::read(folder().join(format!("{name}.raw"))).unwrap();
        let bytes = frame::bytes_of(&object, 1).unwrap();
        let found = match frame::native(&object, object.meta().transfer_syntax(), &bytes, 1) {
            Ok(found) => found,
            Err(why) => {
                wrong.push(format!("{name}: {why}"));
                continue;
            }
        };
        let values = |bytes: &[u8]| -> Vec<i64> {
            match (found.bits_allocated, found.pixel_representation) {
                (16, 0) => bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&cell| u16::from_le_bytes(cell).into())
                    .collect(),
                (16, _) => bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&cell| i16::from_le_bytes(cell).into())
                    .collect(),
                _ => bytes.iter().map(|&byte| byte.into()).collect(),
            }
        };
        let (ours, theirs) = (values(&found.data), values(&expected));
        if ours.len() != theirs.len() {
            wrong.push(format!(
                "{name}: {} samples, not {}",
                ours.len(),
                theirs.len()
            ));
            continue;
        }
        let apart = ours.iter().zip(&theirs).map(|(a, b)| a.abs_diff(*b)).max();
        let allowed = if is_lossy(&name) { 1 } else { 0 };
        if apart > Some(allowed) {
            wrong.push(format!(
                "{name}: up to {apart:?} apart ({} bits, {})",
                found.bits_allocated, found.photometric_interpretation
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The samples of a binary PGM or PPM of eight bits.
pub(crate) fn pnm(bytes: &[u8]) -> &[u8] {
    // Kind, width, height, maximum: four words, the last ended by one blank.
    let mut words = 0;
    let mut at = 0;
    while words < 4 {
        if bytes[at] == b'#' {
            while bytes[at] != b'\n' {
                at += 1;
            }
            at += 1;
            continue;
        }
        while !bytes[at].is_ascii_whitespace() {
            at += 1;
        }
        words += 1;
        at += 1;
    }
    &bytes[at..]
}

#[test]
fn pictures_are_those_of_dcmtk() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (name, object) in files() {
        let Ok(expected) = std::fs::read(folder().join(format!("{name}.pnm"))) else {
            continue;
        };
        let bytes = frame::bytes_of(&object, 1).unwrap();
        let syntax = object.meta().transfer_syntax();
        let picture = match frame::render(&object, syntax, &bytes, 1, &Options::default()) {
            Ok(picture) => picture,
            Err(why) => {
                wrong.push(format!("{name}: {why}"));
                continue;
            }
        };
        let (Pixels::Grey8(ours) | Pixels::Rgb8(ours)) = &picture.pixels else {
            panic!("eight bits were asked for")
        };
        let theirs = pnm(&expected);
        if ours.len() != theirs.len() {
            wrong.push(format!(
                "{name}: {} samples, not {}",
                ours.len(),
                theirs.len()
            ));
            continue;
        }
        compared += 1;
        let sum: u64 = ours
            .iter()
            .zip(theirs)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        let mean = sum as f64 / ours.len() as f64;
        if mean > 1.0 {
            wrong.push(format!(
                "{name}: {mean:.2} levels apart on average; {}",
                picture.shown
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(compared > 90, "only {compared} were compared");
}
