//! Texts in every defined term of Specific Character Set, against a table that pydicom and dcmtk have read too.

use std::collections::BTreeSet;
use std::io::Cursor;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::charset::Charset;
use dicom_wire::part10::{Encoding, FileMeta, Limits, element_head, header, scan};
use dicom_wire::uid::Uid;

const VALUES: &str = include_str!("../charsets/values.tsv");

/// Single-byte, single-byte with code extensions, multi-byte, multi-byte without (PS3.3 C.12.1.1.2, tables C.12-2 to C.12-5).
const DEFINED_TERMS: &str = "ISO_IR 100,ISO_IR 101,ISO_IR 109,ISO_IR 110,ISO_IR 126,ISO_IR 127,ISO_IR 138,ISO_IR 144,ISO_IR 148,\
    ISO_IR 203,ISO_IR 13,ISO_IR 166,ISO 2022 IR 6,ISO 2022 IR 100,ISO 2022 IR 101,ISO 2022 IR 109,ISO 2022 IR 110,ISO 2022 IR 126,\
    ISO 2022 IR 127,ISO 2022 IR 138,ISO 2022 IR 144,ISO 2022 IR 148,ISO 2022 IR 203,ISO 2022 IR 13,ISO 2022 IR 166,\
    ISO 2022 IR 87,ISO 2022 IR 159,ISO 2022 IR 149,ISO 2022 IR 58,ISO_IR 192,GB18030,GBK";

struct Row {
    terms: String,
    vr: VR,
    bytes: Vec<u8>,
    text: String,
}

fn rows() -> Vec<Row> {
    let lines = VALUES.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            let hex = |at: usize| u8::from_str_radix(&columns[2][at..at + 2], 16).unwrap();
            Row {
                terms: unescape(columns[0]),
                vr: columns[1].parse().unwrap(),
                bytes: (0..columns[2].len()).step_by(2).map(hex).collect(),
                text: unescape(columns[3]),
            }
        })
        .collect()
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        out.push(match character {
            '\\' => match characters.next() {
                Some('r') => '\r',
                Some('n') => '\n',
                Some('t') => '\t',
                Some('f') => '\x0C',
                Some('\\') => '\\',
                other => panic!("an unknown escape {other:?} in {text:?}"),
            },
            other => other,
        });
    }
    out
}

fn tag(vr: VR) -> Tag {
    match vr {
        VR::PN => tags::PATIENT_NAME,
        VR::LO => tags::INSTITUTION_NAME,
        VR::SH => tags::ACCESSION_NUMBER,
        VR::LT => tags::PATIENT_COMMENTS,
        VR::UT => tags::TEXT_VALUE,
        VR::UC => tags::LONG_DEVICE_DESCRIPTION,
        other => panic!("no attribute of VR {other} is used"),
    }
}

fn element(tag: Tag, vr: VR, value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(b' ');
    }
    [
        element_head(Encoding::ExplicitLittle, tag, vr, value.len() as u32),
        value,
    ]
    .concat()
}

fn read(data_set: &[u8]) -> InMemDicomObject {
    let uid = |text| Uid::parse(text).unwrap();
    let meta = FileMeta::new(
        uid("1.2.840.10008.5.1.4.1.1.7"),
        uid("1.2.3"),
        uid("1.2.840.10008.1.2.1"),
    );
    let file = [&meta.to_bytes(), data_set].concat();
    let layout = scan(Cursor::new(&file), &Limits::default()).unwrap();
    header(Cursor::new(&file), &layout).unwrap()
}

fn value(object: &InMemDicomObject, vr: VR) -> String {
    object
        .get(tag(vr))
        .unwrap()
        .to_multi_str()
        .unwrap()
        .join("\\")
}

#[test]
fn every_text_of_the_table_is_read_in_its_place() {
    let mut wrong = Vec::new();
    for row in rows() {
        let charset = element(tags::SPECIFIC_CHARACTER_SET, VR::CS, row.terms.as_bytes());
        let object = read(&[charset, element(tag(row.vr), row.vr, &row.bytes)].concat());
        let read = value(&object, row.vr);
        if read != row.text.trim_end_matches(' ') {
            wrong.push(format!(
                "{:?} {}: {:?}, read {read:?}",
                row.terms, row.vr, row.text
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_table_has_every_defined_term() {
    let rows = rows();
    let used: BTreeSet<&str> = rows.iter().flat_map(|row| row.terms.split('\\')).collect();
    for term in DEFINED_TERMS.split(',') {
        assert!(used.contains(term), "no text in {term}");
    }
}

#[test]
fn items_have_the_set_around_them_unless_they_name_their_own() {
    let name = |bytes: &[u8]| element(tags::INSTITUTION_NAME, VR::LO, bytes);
    let charset = |term: &str| element(tags::SPECIFIC_CHARACTER_SET, VR::CS, term.as_bytes());
    let item = |content: Vec<u8>| {
        let length = content.len() as u32;
        [
            &[0xFE, 0xFF, 0x00, 0xE0][..],
            &length.to_le_bytes(),
            &content,
        ]
        .concat()
    };
    let items = [
        item(name(b"\xbb\xee\xda")),
        item([charset("ISO_IR 100"), name(b"J\xe9r\xf4me")].concat()),
    ]
    .concat();
    let sequence = [
        element_head(
            Encoding::ExplicitLittle,
            tags::OTHER_PATIENT_I_DS_SEQUENCE,
            VR::SQ,
            items.len() as u32,
        ),
        items,
    ]
    .concat();
    let object = read(&[charset("ISO_IR 144"), name(b"\xd0\xd1"), sequence].concat());

    assert_eq!(value(&object, VR::LO), "аб");
    let items = object
        .get(tags::OTHER_PATIENT_I_DS_SEQUENCE)
        .unwrap()
        .items()
        .unwrap();
    assert_eq!(value(&items[0], VR::LO), "Люк");
    assert_eq!(value(&items[1], VR::LO), "Jérôme");
}

#[test]
fn misspelt_terms_are_understood() {
    for term in [
        "ISO-IR 100",
        "ISO_IR_100",
        "ISO IR 100",
        "iso_ir 100",
        " ISO_IR 100 ",
    ] {
        assert_eq!(
            Charset::from_terms(&[term]).decode(VR::LO, b"\xc3\xa9"),
            "Ã©",
            "{term}"
        );
    }
}

#[test]
fn sets_without_code_extensions_take_no_others() {
    let charset = Charset::from_terms(&["ISO_IR 192", "ISO 2022 IR 87"]);
    let bytes = [b"\x1b$B;3".as_slice(), "é".as_bytes()].concat();
    assert_eq!(charset.decode(VR::LO, &bytes), "\x1b$B;3é");
}

#[test]
fn escapes_without_end_are_read_once() {
    let hostile = b"\x1b".repeat(100_000);
    let text = Charset::from_terms(&["", "ISO 2022 IR 87"]).decode(VR::LT, &hostile);
    assert_eq!(text.chars().count(), 100_000);
}
