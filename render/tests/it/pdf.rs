//! PDFs written by hand: one object a line, then the table of where they are.

use std::io::Write;

use dicom_render::encode::{Picture, Pixels};
use dicom_render::pdf::{self, Page, PdfError, pages};
use flate2::Compression;
use flate2::write::ZlibEncoder;

fn file(objects: &[&[u8]]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.5\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(objects) {
        offsets.push(bytes.len());
        bytes.extend(format!("{number} 0 obj\n").as_bytes());
        bytes.extend(*object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).as_bytes());
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").as_bytes());
    }
    let size = objects.len() + 1;
    bytes.extend(
        format!("trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{table}\n%%EOF").as_bytes(),
    );
    bytes
}

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("<</Length {}{dictionary}>>stream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// One page with fonts F1 (`font`) and, after it, more objects from number 6 on.
fn page(contents: &[u8], font: &str, more: &[&[u8]]) -> Vec<u8> {
    let mut objects: Vec<&[u8]> = vec![
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>/XObject<</X 6 0 R>>>>>>",
        contents,
        font.as_bytes(),
    ];
    objects.extend(more);
    file(&objects)
}

const HELVETICA: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>";

fn text_of(pdf: &[u8]) -> String {
    let [Page { number: 1, text }] = &pages(pdf).unwrap()[..] else {
        panic!("not one page")
    };
    text.clone().unwrap_or_default()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn lines_and_gaps_are_seen() {
    let contents = stream("", b"BT /F1 12 Tf 72 700 Td (Size: \\(12 mm\\) caf\\351) Tj 0 -14 Td [(Spa)-20(ced)-300(words)] TJ \
        0 -40 Td (Left) Tj 200 0 Td (Right) Tj ET");
    assert_eq!(
        text_of(&page(&contents, HELVETICA, &[])),
        "Size: (12 mm) café\nSpaced words\n\nLeft  Right"
    );
}

#[test]
fn letters_of_the_patient_are_read_from_the_fixtures() {
    let study = dicom_fixtures::pdf();
    let object = study.instances()[0].object();
    let pages = pages(&pdf::document(&object).unwrap()).unwrap();
    insta::assert_snapshot!(pages[0].text.as_deref().unwrap());
}

#[test]
fn codes_are_read_by_the_fonts_own_map() {
    let contents = stream("", b"BT /F1 12 Tf <000100020003> Tj ET");
    let map = stream("", b"1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfchar <0001> <0416> endbfchar \
        1 beginbfrange <0002> <FFFF> <0041> endbfrange");
    let font = "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 6 0 R>>";
    assert_eq!(text_of(&page(&contents, font, &[&map])), "ЖAB");
}

#[test]
fn predefined_maps_of_east_asia_are_read() {
    let contents = stream("", b"BT /F1 12 Tf <8F8A8CA9> Tj ET");
    let font = "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/90ms-RKSJ-H>>";
    assert_eq!(text_of(&page(&contents, font, &[])), "所見");
}

#[test]
fn names_of_glyphs_are_read() {
    let contents = stream("", b"BT /F1 12 Tf (abc) Tj ET");
    let font =
        "<</Type/Font/Subtype/Type1/BaseFont/X/Encoding<</Differences[97/Lslash/eacute/f_f_i]>>>>";
    assert_eq!(text_of(&page(&contents, font, &[])), "Łéffi");
}

#[test]
fn forms_are_read_and_one_within_itself_ends() {
    let contents = stream("", b"/X Do");
    let form = stream(
        "/Type/XObject/Subtype/Form/BBox[0 0 9 9]",
        b"BT /F1 12 Tf (form) Tj ET /X Do",
    );
    assert!(text_of(&page(&contents, HELVETICA, &[&form])).starts_with("form"));
}

#[test]
fn a_page_without_text_says_so() {
    let pages = pages(&page(&stream("", b"0 0 m 9 9 l S"), HELVETICA, &[])).unwrap();
    assert_eq!(
        pages,
        [Page {
            number: 1,
            text: None
        }]
    );
}

#[test]
fn what_was_written_later_above_is_read_first_and_columns_stay() {
    let contents = stream("", b"BT /F1 12 Tf 1 0 0 1 72 600 Tm (Body) Tj 1 0 0 1 72 586 Tm (goes on) Tj 1 0 0 1 72 760 Tm (Heading) Tj \
        1 0 0 1 72 40 Tm (Foot) Tj 1 0 0 1 300 600 Tm (Column) Tj ET");
    assert_eq!(
        text_of(&page(&contents, HELVETICA, &[])),
        "Heading\n\nBody\ngoes on\n\nFoot\n\nColumn"
    );
}

/// A file, and its pixels as poppler draws them.
macro_rules! scan {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!("../scans/", $name, ".pdf")),
            include_bytes!(concat!("../scans/", $name, ".pgm")),
        )
    };
}
const SCANS: [(&str, &[u8], &[u8]); 6] = [
    scan!("flate"),
    scan!("turned"),
    scan!("one-bit"),
    scan!("jpeg"),
    scan!("jpeg-2000"),
    scan!("fax"),
];

/// Width, height and values of a PGM.
fn pgm(file: &[u8]) -> (u32, u32, &[u8]) {
    let header = file
        .split(|&byte| byte == b'\n')
        .take(3)
        .map(|line| line.len() + 1)
        .sum();
    let words = String::from_utf8_lossy(&file[..header]).into_owned();
    let numbers: Vec<u32> = words
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    (numbers[0], numbers[1], &file[header..])
}

/// Grey as poppler makes it of colours.
fn grey(picture: &Picture) -> Vec<f64> {
    let Pixels::Rgb8(rgb) = &picture.pixels else {
        panic!("not in colours")
    };
    let grey = |pixel: &[u8]| {
        0.3 * f64::from(pixel[0]) + 0.59 * f64::from(pixel[1]) + 0.11 * f64::from(pixel[2])
    };
    rgb.chunks(3).map(grey).collect()
}

#[test]
fn scans_are_drawn_as_poppler_draws_them() {
    for (name, pdf, expected) in SCANS {
        let (width, height, expected) = pgm(expected);
        let picture = pdf::picture(pdf, 1, 198).unwrap();
        assert_eq!((picture.width, picture.height), (width, height), "{name}");
        assert!(
            picture.shown.notes.is_empty(),
            "{name}: {:?}",
            picture.shown.notes
        );
        let differences = grey(&picture)
            .into_iter()
            .zip(expected)
            .map(|(ours, theirs)| (ours - f64::from(*theirs)).abs());
        let mean = differences.sum::<f64>() / f64::from(width * height);
        assert!(mean < 3.0, "{name}: {mean:.2} levels apart");
        assert_eq!(pages(pdf).unwrap()[0].text, None, "{name}");
    }
}

#[test]
fn encrypted_documents_open_without_a_password_only() {
    let letter = include_bytes!("../scans/restricted.pdf");
    assert_eq!(
        pages(letter).unwrap()[0].text.as_deref(),
        Some("Discharge letter")
    );
    let letter = include_bytes!("../scans/needs-password.pdf");
    assert!(matches!(pages(letter), Err(PdfError::Encrypted)));
    assert!(matches!(
        pdf::picture(letter, 1, 100),
        Err(PdfError::Encrypted)
    ));
}

/// A page with an image over all of it.
fn image(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let contents = stream("", b"q 600 0 0 800 0 0 cm /X Do Q");
    let image = stream(&format!("/Type/XObject/Subtype/Image{dictionary}"), bytes);
    page(&contents, HELVETICA, &[&image])
}

#[test]
fn every_kind_of_pixel_has_its_colour_and_place() {
    let corners = |dictionary: &str, bytes: &[u8]| -> [[u8; 3]; 4] {
        let picture = pdf::picture(&image(dictionary, bytes), 1, 80).unwrap();
        let Pixels::Rgb8(rgb) = picture.pixels else {
            panic!("not in colours")
        };
        let (right, bottom) = (picture.width as usize - 1, picture.height as usize - 1);
        [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| {
            let at = (y * picture.width as usize + x) * 3;
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        })
    };
    let grey = |values: [u8; 4]| values.map(|value| [value; 3]);
    let two = "/Width 2/Height 2";
    assert_eq!(
        corners(
            &format!("{two}/ColorSpace/DeviceGray/BitsPerComponent 8"),
            &[1, 2, 3, 4]
        ),
        grey([1, 2, 3, 4])
    );
    assert_eq!(
        corners(
            &format!("{two}/ColorSpace/DeviceGray/BitsPerComponent 1"),
            &[0x80, 0x40]
        ),
        grey([255, 0, 0, 255])
    );
    assert_eq!(
        corners(
            &format!("{two}/ColorSpace/DeviceGray/BitsPerComponent 4/Decode[1 0]"),
            &[0x0F, 0xF0]
        ),
        grey([255, 0, 0, 255])
    );
    assert_eq!(
        corners(
            &format!("{two}/ImageMask true/BitsPerComponent 1"),
            &[0x80, 0x40]
        ),
        grey([255, 0, 0, 255])
    );
    assert_eq!(
        corners(
            &format!("{two}/ColorSpace/DeviceCMYK/BitsPerComponent 8"),
            &[0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0]
        ),
        [[255; 3], [0, 255, 255], [0; 3], [255, 255, 0]]
    );
    assert_eq!(
        corners(
            &format!(
                "{two}/ColorSpace[/Indexed/DeviceRGB 2<0A0B0C 0D0E0F FF0000>]/BitsPerComponent 2"
            ),
            &[0x10, 0x80]
        ),
        [[10, 11, 12], [13, 14, 15], [255, 0, 0], [10, 11, 12]]
    );
    // PNG's predictors: left, then above.
    let rows = deflated(&[1, 5, 5, 2, 20, 1]);
    assert_eq!(
        corners(
            &format!(
                "{two}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 2>>"
            ),
            &rows
        ),
        grey([5, 10, 25, 11])
    );
    assert_eq!(
        corners(
            &format!("{two}/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/RunLengthDecode"),
            &[255, 7, 1, 8, 9, 128]
        ),
        grey([7, 7, 8, 9])
    );
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let error = |pdf: &[u8]| pdf::picture(pdf, 1, 100).unwrap_err().to_string();
    let huge = image(
        "/Width 60000/Height 60000/ColorSpace/DeviceRGB/BitsPerComponent 8",
        &[0; 100],
    );
    assert_eq!(
        error(&huge),
        "page 1 cannot be drawn: an image of 60000 x 60000 pixels is not drawn"
    );
    let jbig2 = image(
        "/Width 9/Height 9/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/JBIG2Decode",
        b"x",
    );
    assert_eq!(
        error(&jbig2),
        "page 1 cannot be drawn: an image in JBIG2Decode is not drawn"
    );
    let letter = page(&stream("", b"BT /F1 12 Tf (Text) Tj ET"), HELVETICA, &[]);
    assert_eq!(error(&letter), "page 1 cannot be drawn: it has no images");
    assert_eq!(
        pdf::picture(&letter, 2, 100).unwrap_err().to_string(),
        "there is no page 2: the PDF has 1"
    );
    let both = stream(
        "",
        b"q 9 0 0 9 0 0 cm /X Do Q BT /F1 12 Tf (Text) Tj ET 0 0 m 9 9 l S",
    );
    let dot = stream(
        "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8",
        &[0],
    );
    let picture = pdf::picture(&page(&both, HELVETICA, &[&dot]), 1, 100).unwrap();
    assert_eq!(
        picture.shown.notes,
        ["text, lines and areas of the page are not drawn"]
    );
}

#[test]
fn images_cost_no_more_than_their_limits() {
    // A JPEG that claims more than its frame holds, a fax of nothing, an image drawn again and again.
    let claim = [
        &[
            0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0x11, 0,
        ][..],
        &[0; 40],
    ]
    .concat();
    let jpeg = image(
        "/Width 9/Height 9/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode",
        &claim,
    );
    assert!(
        pdf::picture(&jpeg, 1, 100)
            .unwrap_err()
            .to_string()
            .contains("65535 x 65535 pixels")
    );
    let fax = image(
        "/Width 9/Height 9/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 9>>",
        &[0; 40],
    );
    assert!(matches!(
        pdf::picture(&fax, 1, 100),
        Ok(_) | Err(PdfError::NotDrawn { .. })
    ));
    let again = "q 600 0 0 800 0 0 cm /X Do Q ".repeat(1_000);
    let pixels = stream(
        "/Type/XObject/Subtype/Image/Width 1000/Height 1000/ColorSpace/DeviceGray/BitsPerComponent 8",
        &[9; 1_000_000],
    );
    let pdf = page(&stream("", again.as_bytes()), HELVETICA, &[&pixels]);
    assert!(matches!(
        pdf::picture(&pdf, 1, 4_000),
        Err(PdfError::TooLarge { .. })
    ));
}

#[test]
fn bombs_are_refused() {
    let once = deflated(&vec![b' '; 260 << 20]);
    let bomb = page(&stream("/Filter/FlateDecode", &once), HELVETICA, &[]);
    assert!(matches!(pages(&bomb), Err(PdfError::TooLarge { .. })));
    let bomb = page(
        &stream("/Filter[/FlateDecode/FlateDecode]", &deflated(&once)),
        HELVETICA,
        &[],
    );
    let error = pages(&bomb).unwrap_err().to_string();
    assert_eq!(
        error,
        "the PDF is too large: more than 268435456 bytes once unpacked"
    );
    let nested = page(&stream("", &[b'['; 1 << 20]), HELVETICA, &[]);
    assert_eq!(pages(&nested).unwrap()[0].text, None);
}

#[test]
fn what_is_no_pdf_is_refused_clearly() {
    let error = |bytes: &[u8]| pages(bytes).unwrap_err().to_string();
    assert_eq!(
        error(b"<html>"),
        "the encapsulated document is \"<html>\", not a PDF"
    );
    assert!(error(b"%PDF-1.4\nnothing").starts_with("the PDF is broken: "));
    let study = dicom_fixtures::ct("chest").size(16).slices(1);
    let error = pdf::document(&study.instances()[0].object())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "the data set has no encapsulated document");
}
