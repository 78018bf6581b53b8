//! docs/pixels.md: what is decoded, found out by doing it.

use std::fmt::Write;
use std::path::Path;

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::DefaultDicomObject;
use dicom_render::frame::{self, Options};

use crate::matrix::files;

const SYNTAXES: [(&str, &str); 38] = [
    ("1.2.840.10008.1.2", "Implicit VR Little Endian"),
    ("1.2.840.10008.1.2.1", "Explicit VR Little Endian"),
    ("1.2.840.10008.1.2.2", "Explicit VR Big Endian (retired)"),
    (
        "1.2.840.10008.1.2.1.99",
        "Deflated Explicit VR Little Endian",
    ),
    (
        "1.2.840.10008.1.2.1.98",
        "Encapsulated Uncompressed Explicit VR Little Endian",
    ),
    ("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression"),
    ("1.2.840.10008.1.2.5", "RLE Lossless"),
    ("1.2.840.10008.1.2.4.50", "JPEG Baseline"),
    ("1.2.840.10008.1.2.4.51", "JPEG Extended"),
    (
        "1.2.840.10008.1.2.4.53",
        "JPEG Spectral Selection (retired)",
    ),
    ("1.2.840.10008.1.2.4.55", "JPEG Full Progression (retired)"),
    ("1.2.840.10008.1.2.4.57", "JPEG Lossless"),
    (
        "1.2.840.10008.1.2.4.70",
        "JPEG Lossless, first-order prediction",
    ),
    ("1.2.840.10008.1.2.4.80", "JPEG-LS Lossless"),
    ("1.2.840.10008.1.2.4.81", "JPEG-LS Near-Lossless"),
    ("1.2.840.10008.1.2.4.90", "JPEG 2000 Lossless Only"),
    ("1.2.840.10008.1.2.4.91", "JPEG 2000"),
    ("1.2.840.10008.1.2.4.92", "JPEG 2000 Part 2 Lossless Only"),
    ("1.2.840.10008.1.2.4.93", "JPEG 2000 Part 2"),
    ("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
    ("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate"),
    ("1.2.840.10008.1.2.4.201", "HTJ2K Lossless Only"),
    ("1.2.840.10008.1.2.4.202", "HTJ2K Lossless RPCL"),
    ("1.2.840.10008.1.2.4.203", "HTJ2K"),
    ("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced"),
    ("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate"),
    ("1.2.840.10008.1.2.4.110", "JPEG XL Lossless"),
    ("1.2.840.10008.1.2.4.111", "JPEG XL JPEG Recompression"),
    ("1.2.840.10008.1.2.4.112", "JPEG XL"),
    ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile"),
    ("1.2.840.10008.1.2.4.101", "MPEG2 High Level"),
    ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High"),
    ("1.2.840.10008.1.2.4.103", "MPEG-4 AVC/H.264 BD-compatible"),
    ("1.2.840.10008.1.2.4.104", "MPEG-4 AVC/H.264 High 4.2, 2D"),
    ("1.2.840.10008.1.2.4.105", "MPEG-4 AVC/H.264 High 4.2, 3D"),
    ("1.2.840.10008.1.2.4.106", "MPEG-4 AVC/H.264 Stereo"),
    ("1.2.840.10008.1.2.4.107", "HEVC/H.265 Main"),
    ("1.2.840.10008.1.2.4.108", "HEVC/H.265 Main 10"),
];

const GREY: [&str; 3] = ["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"];
const COLOURS: [&str; 8] = [
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "XYB",
];

/// A file of this syntax, or of one with the same codec, whose samples are of this kind.
fn sample(
    files: &[(String, DefaultDicomObject)],
    syntax: &str,
    colour: bool,
) -> Option<DefaultDicomObject> {
    let is_one = |object: &DefaultDicomObject, syntax: &str| {
        let count = object
            .get(tags::SAMPLES_PER_PIXEL)
            .unwrap()
            .to_int::<u16>()
            .unwrap();
        let bits = object
            .get(tags::BITS_ALLOCATED)
            .unwrap()
            .to_int::<u16>()
            .unwrap();
        object.meta().transfer_syntax() == syntax
            && if colour {
                count == 3
            } else {
                count == 1 && bits <= 16
            }
    };
    // A repacked JPEG of one sample is any JPEG XL of one sample, an extended one of three any baseline one.
    let related = match syntax {
        "1.2.840.10008.1.2.4.111" => "1.2.840.10008.1.2.4.110",
        "1.2.840.10008.1.2.4.51" => "1.2.840.10008.1.2.4.50",
        other => other,
    };
    [syntax, related]
        .iter()
        .find_map(|syntax| files.iter().find(|(_, object)| is_one(object, syntax)))
        .map(|(_, object)| object.clone())
}

/// What happens to a sample that says it has this photometric interpretation.
fn tried(
    mut object: DefaultDicomObject,
    syntax: &str,
    term: &str,
    palette: &DefaultDicomObject,
) -> Result<(), String> {
    let bytes = frame::bytes_of(&object, 1)
        .map_err(|why| why.to_string())?
        .into_owned();
    object.put(DataElement::new(
        tags::PHOTOMETRIC_INTERPRETATION,
        VR::CS,
        PrimitiveValue::from(term),
    ));
    if term == "PALETTE COLOR" {
        for element in palette.iter() {
            let tag = element.header().tag;
            if tag.0 == 0x0028 && (0x1101..=0x1203).contains(&tag.1) {
                object.put(element.clone());
            }
        }
    }
    frame::render(&object, syntax, &bytes, 1, &Options::default())
        .map(drop)
        .map_err(|why| why.to_string())
}

fn page() -> String {
    let files = files();
    let palette = &files
        .iter()
        .find(|(name, _)| name == "explicit-palette8")
        .unwrap()
        .1;
    let mut page = String::from(
        "# Pixels\n\nWhat `dicom-render` decodes, found out by decoding. Written by `UPDATE_DOCS=1 cargo test -p dicom-render --test it docs`.\n\n\
         ## Transfer syntax by photometric interpretation\n\n\
         *yes* is decoded, compared with other decoders in `render/tests/matrix` where the standard allows the combination (PS3.5 8.2), and only \
         tolerated where it does not; numbers are refusals, explained below.\n\n| transfer syntax | UID |",
    );
    let terms: Vec<&str> = GREY.into_iter().chain(COLOURS).collect();
    for term in &terms {
        let _ = write!(page, " {term} |");
    }
    let _ = write!(page, "\n|---|---|{}\n", "---|".repeat(terms.len()));
    let mut reasons: Vec<String> = Vec::new();
    for (syntax, name) in SYNTAXES {
        let _ = write!(page, "| {name} | {syntax} |");
        for term in &terms {
            let sample = sample(&files, syntax, !GREY.contains(term));
            let outcome = match sample {
                Some(object) => tried(object, syntax, term, palette),
                None => {
                    let any = files[0].1.clone();
                    tried(any, syntax, "MONOCHROME2", palette)
                }
            };
            match outcome {
                Ok(()) => page.push_str(" yes |"),
                Err(why) => {
                    // One reason for all of these, whatever the UID.
                    let why = why.replace(syntax, "of this kind");
                    let number = reasons
                        .iter()
                        .position(|known| *known == why)
                        .unwrap_or_else(|| {
                            reasons.push(why);
                            reasons.len() - 1
                        });
                    let _ = write!(page, " {} |", number + 1);
                }
            }
        }
        page.push('\n');
    }
    page.push('\n');
    for (number, reason) in reasons.iter().enumerate() {
        let _ = writeln!(page, "{}. {reason}", number + 1);
    }
    page.push_str(
        "\nJPEG 2000 Part 2 describes arrays of components that no decoder at hand undoes; JPIP has its pixels elsewhere; of video no decoder in \
         Rust is kept well, and a frame of it is not a picture by itself.\n\n## Samples\n\nThe kinds of samples that are compared with other \
         decoders, by the files of `render/tests/matrix`: exactly where the codec loses nothing, at most 1 apart where it does.\n\n| transfer syntax | samples |\n|---|---|\n",
    );
    for (syntax, name) in SYNTAXES {
        let kinds: Vec<String> = files
            .iter()
            .filter(|(_, object)| object.meta().transfer_syntax() == syntax)
            .map(|(_, object)| kind(object))
            .collect();
        let mut kinds: Vec<String> = kinds;
        kinds.sort();
        kinds.dedup();
        if !kinds.is_empty() {
            let _ = writeln!(page, "| {name} | {} |", kinds.join("; "));
        }
    }
    page
}

/// A kind of sample: `MONOCHROME2 12 of 16 signed`.
fn kind(object: &DefaultDicomObject) -> String {
    let number = |tag| {
        object
            .get(tag)
            .and_then(|element| element.to_int::<u16>().ok())
    };
    let term = object
        .get(tags::PHOTOMETRIC_INTERPRETATION)
        .unwrap()
        .to_str()
        .unwrap();
    let allocated = number(tags::BITS_ALLOCATED).unwrap();
    let bits = match number(tags::BITS_STORED) {
        None => format!("{allocated} float"),
        Some(stored) if stored == allocated => allocated.to_string(),
        Some(stored) => format!("{stored} of {allocated}"),
    };
    let high = match (number(tags::HIGH_BIT), number(tags::BITS_STORED)) {
        (Some(high), Some(stored)) if high + 1 != stored => format!(" below bit {high}"),
        _ => String::new(),
    };
    let signed = if number(tags::PIXEL_REPRESENTATION) == Some(1) {
        " signed"
    } else {
        ""
    };
    let planar = if number(tags::PLANAR_CONFIGURATION) == Some(1) {
        " planar"
    } else {
        ""
    };
    format!("{} {bits}{high}{signed}{planar}", term.trim())
}

#[test]
fn docs_pixels_md_is_what_is_decoded() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pixels.md");
    let expected = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "docs/pixels.md is out of date: run `UPDATE_DOCS=1 cargo test -p dicom-render --test it docs`"
    );
}
