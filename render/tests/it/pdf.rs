//! PDFs written by hand: one object a line, then the table of where they are.

use std::io::Write;

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
