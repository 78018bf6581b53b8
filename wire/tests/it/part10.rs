//! Files, read without trust.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR, dicom_value};
use dicom_dictionary_std::tags;
use dicom_encoding::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::part10::{
    Bulk, Encoding, FileMeta, FrameError, Layout, Limits, Piece, ScanError, bytes, element_head,
    frame_bytes, header, recode, scan, turn,
};
use dicom_wire::uid::Uid;
use proptest::prelude::*;

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const BIG: &str = "1.2.840.10008.1.2.2";
const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
const JPEG: &str = "1.2.840.10008.1.2.4.50";

fn meta(transfer_syntax: &str) -> FileMeta {
    let uid = |text| Uid::parse(text).unwrap();
    FileMeta::new(
        uid("1.2.840.10008.5.1.4.1.1.7"),
        uid("1.2.3"),
        uid(transfer_syntax),
    )
}

fn file(transfer_syntax: &str, data_set: &[u8]) -> Vec<u8> {
    [meta(transfer_syntax).to_bytes(), data_set.to_vec()].concat()
}

fn encoded(object: &InMemDicomObject, transfer_syntax: &str) -> Vec<u8> {
    let mut data_set = Vec::new();
    let syntax = TransferSyntaxRegistry.get(transfer_syntax).unwrap();
    object.write_dataset_with_ts(&mut data_set, syntax).unwrap();
    file(transfer_syntax, &data_set)
}

fn read(file: &[u8]) -> Result<(Layout, InMemDicomObject), ScanError> {
    let layout = scan(Cursor::new(file), &Limits::default())?;
    let object = header(Cursor::new(file), &layout)?;
    Ok((layout, object))
}

fn failure(file: &[u8]) -> String {
    read(file).unwrap_err().to_string()
}

/// An element in explicit VR little endian.
fn element(tag: (u16, u16), vr: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = [tag.0.to_le_bytes(), tag.1.to_le_bytes()].concat();
    bytes.extend(vr.as_bytes());
    if matches!(vr, "OB" | "OW" | "SQ" | "UN" | "UT" | "OV") {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

/// A tag and a length: items, delimiters.
fn head(tag: (u16, u16), length: u32) -> Vec<u8> {
    [
        &tag.0.to_le_bytes()[..],
        &tag.1.to_le_bytes(),
        &length.to_le_bytes(),
    ]
    .concat()
}

fn item(value: &[u8]) -> Vec<u8> {
    [head((0xFFFE, 0xE000), value.len() as u32), value.to_vec()].concat()
}

fn end() -> Vec<u8> {
    head((0xFFFE, 0xE0DD), 0)
}

/// Pixel data of undefined length in fragments, with what is needed to know its frames.
fn fragments(frames: u32, table: &[u32], fragments: &[&[u8]]) -> Vec<u8> {
    let mut bytes = element((0x0028, 0x0008), "IS", format!("{frames:02}").as_bytes());
    bytes.extend(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF");
    bytes.extend(item(
        &table
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect::<Vec<u8>>(),
    ));
    for fragment in fragments {
        bytes.extend(item(fragment));
    }
    [bytes, end()].concat()
}

/// Sequences in sequences, of undefined length, with an attribute inside the last.
fn nested(levels: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..levels {
        bytes.extend(b"\x40\x00\x30\xA7SQ\0\0\xFF\xFF\xFF\xFF");
        bytes.extend(head((0xFFFE, 0xE000), u32::MAX));
    }
    bytes.extend(element((0x0010, 0x0020), "LO", b"ID"));
    for _ in 0..levels {
        bytes.extend(head((0xFFFE, 0xE00D), 0));
        bytes.extend(end());
    }
    bytes
}

/// Sequences in sequences, of defined length.
fn nested_by_length(levels: usize) -> Vec<u8> {
    (0..levels).fold(element((0x0010, 0x0020), "LO", b"ID"), |inner, _| {
        element((0x0040, 0xA730), "SQ", &item(&inner))
    })
}

#[test]
fn sequences_nested_30000_deep_are_refused_at_once() {
    for data_set in [nested(30_000), nested_by_length(30_000)] {
        let file = file(EXPLICIT, &data_set);
        let started = Instant::now();
        let error = scan(Cursor::new(&file), &Limits::default()).unwrap_err();
        assert!(started.elapsed() < Duration::from_millis(100));
        assert!(
            matches!(error, ScanError::TooDeep { limit: 128, .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("(0040,A730) at offset"),
            "{error}"
        );
    }
}

#[test]
fn as_many_sequences_as_the_limit_allows_are_read_on_a_small_stack() {
    let reader = std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(|| {
            for levels in [64, 128] {
                for data_set in [nested(levels), nested_by_length(levels)] {
                    let (layout, object) = read(&file(EXPLICIT, &data_set)).unwrap();
                    assert_eq!(layout.elements, 2 * levels + 1);
                    let copy = object.clone();
                    assert_eq!(copy.tags().next(), Some(tags::CONTENT_SEQUENCE));
                }
            }
        });
    reader.unwrap().join().unwrap();
}

#[test]
fn garbage_and_nothing_are_told_apart() {
    assert_eq!(failure(b""), "the input is empty");
    let not_dicom = "not a DICOM file: neither DICM at offset 128 nor a data set at offset 0";
    assert_eq!(failure(b"x"), not_dicom);
    assert_eq!(failure(&[0; 200]), not_dicom);
    assert_eq!(
        failure(b"<html><body>Please log in</body></html>"),
        not_dicom
    );
    assert_eq!(failure(b"{\"00100010\":{\"vr\":\"PN\"}}"), not_dicom);
}

#[test]
fn errors_tell_the_offset() {
    let start = meta(EXPLICIT).to_bytes().len();
    let cases: [(Vec<u8>, String); 8] = [
        (
            b"\x10\x00\x20".to_vec(),
            format!("the data ends inside the header at offset {start}: 3 of its bytes are there"),
        ),
        (
            b"\x10\x00\x20\x00LO\x08\x00ID".to_vec(),
            format!(
                "the data ends inside (0010,0020) at offset {}: 8 bytes claimed, 2 left",
                start + 8
            ),
        ),
        (
            b"\x10\x00\x20\x00l?\x08\x00ID".to_vec(),
            format!("(0010,0020) at offset {start} has the value representation \"l?\""),
        ),
        (
            end(),
            format!("(FFFE,E0DD) at offset {start} where an element must be"),
        ),
        (
            element(
                (0x0040, 0xA730),
                "SQ",
                &element((0x0010, 0x0020), "LO", b"ID"),
            ),
            format!("(0010,0020) at offset {} where an item must be", start + 12),
        ),
        (
            element(
                (0x0040, 0xA730),
                "SQ",
                &item(b"\x10\x00\x20\x00LO\x08\x00ID"),
            ),
            format!(
                "(0010,0020) at offset {} claims 8 bytes, the item or sequence around it has 2 left",
                start + 28
            ),
        ),
        (
            b"\x10\x00\x20\x00UT\0\0\xFF\xFF\xFF\xFF".to_vec(),
            format!(
                "(0010,0020) at offset {start} has undefined length, which its value representation UT cannot have"
            ),
        ),
        (
            fragments(1, &[], &[b"abcd"])
                .split_last_chunk::<8>()
                .unwrap()
                .0
                .to_vec(),
            format!(
                "the data ends at offset {} inside the fragments of (7FE0,0010) at offset {}",
                start + 42,
                start + 10
            ),
        ),
    ];
    for (data_set, message) in cases {
        assert_eq!(failure(&file(EXPLICIT, &data_set)), message);
    }
    let mut bad = meta(EXPLICIT).to_bytes();
    let at = bad
        .windows(19)
        .position(|w| w == EXPLICIT.as_bytes())
        .unwrap();
    bad[at] = b'x';
    let message = failure(&bad);
    assert!(
        message.starts_with(&format!(
            "the Transfer Syntax UID at offset {at} cannot be read: \"x.2.8"
        )),
        "{message}"
    );
}

#[test]
fn starts_that_other_archives_take_are_taken() {
    let data_set = element((0x0008, 0x0060), "CS", b"CT");
    let whole = file(EXPLICIT, &data_set);
    let no_length = {
        // Group length is the first element: 12 bytes behind the prefix.
        [&whole[..132], &whole[144..]].concat()
    };
    let meta_without_syntax = {
        let group = element((0x0002, 0x0002), "UI", b"1.2\0");
        [&[0; 128][..], b"DICM", &group, &data_set].concat()
    };
    let implicit = b"\x08\x00\x60\x00\x02\x00\x00\x00CT".to_vec();
    let big = b"\x00\x08\x00\x60CS\x00\x02CT".to_vec();
    let cases = [
        ("no preamble, prefix", whole[128..].to_vec(), EXPLICIT),
        ("no prefix", whole[132..].to_vec(), EXPLICIT),
        ("no group length", no_length, EXPLICIT),
        ("no transfer syntax", meta_without_syntax, EXPLICIT),
        ("bare explicit", data_set.clone(), EXPLICIT),
        ("bare implicit", implicit, IMPLICIT),
        ("bare big endian", big, BIG),
        (
            "private transfer syntax",
            file("1.2.3.4.5", &data_set),
            "1.2.3.4.5",
        ),
        (
            "zeros behind the end",
            [whole, vec![0; 100]].concat(),
            EXPLICIT,
        ),
    ];
    for (name, file, syntax) in cases {
        let (layout, object) = read(&file).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(layout.meta.transfer_syntax, syntax, "{name}");
        assert_eq!(
            object.element(tags::MODALITY).unwrap().to_str().unwrap(),
            "CT",
            "{name}"
        );
    }
}

#[test]
fn the_meta_group_comes_back_as_it_was_written() {
    let mut meta = meta("1.2.840.10008.1.2.4.80");
    meta.source_ae = Some("SENDER".to_owned());
    let layout = scan(Cursor::new(meta.to_bytes()), &Limits::default()).unwrap();
    assert_eq!(layout.meta, meta);
    // Another implementation reads the same.
    let bytes = meta.to_bytes();
    let theirs = dicom_object::FileMetaTable::from_reader(Cursor::new(&bytes[128..])).unwrap();
    assert_eq!(theirs.transfer_syntax(), "1.2.840.10008.1.2.4.80");
    assert_eq!(theirs.information_group_length as usize, bytes.len() - 144);
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn deflated_data_sets_are_read_and_their_offsets_are_inflated_ones() {
    let mut data_set = element((0x0028, 0x0010), "US", &[2, 0]);
    data_set.extend(element((0x0028, 0x0011), "US", &[2, 0]));
    data_set.extend(element((0x0028, 0x0100), "US", &[8, 0]));
    data_set.extend(element((0x7FE0, 0x0010), "OB", &[1, 2, 3, 4]));
    let file = file(DEFLATED, &deflate(&data_set));
    let (layout, object) = read(&file).unwrap();
    assert_eq!(layout.encoding, Encoding::Deflated);
    assert_eq!(layout.pixel_data().unwrap().value, Bulk::Whole(42..46));
    assert_eq!(
        frame_bytes(Cursor::new(&file), &layout, &object, 1).unwrap(),
        [1, 2, 3, 4]
    );
}

#[test]
fn a_deflate_bomb_goes_off_in_a_bounded_room() {
    let mut data_set = b"\xE0\x7F\x10\x00OW\0\0\x00\x00\x00\x7F".to_vec();
    data_set.resize(64 * 1024 * 1024, 0);
    let file = file(DEFLATED, &deflate(&data_set));
    assert!(file.len() < 100_000);
    let limits = Limits {
        inflated: 1024 * 1024,
        ..Limits::default()
    };
    let error = scan(Cursor::new(&file), &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the deflated data set inflates to more than 1048576 bytes"
    );
}

#[test]
fn damaged_deflate_streams_are_named() {
    let whole = deflate(&element(
        (0x0008, 0x1030),
        "LO",
        b"a text that is long enough",
    ));
    let error = failure(&file(DEFLATED, &whole[..whole.len() - 4]));
    assert!(
        error.contains("(0008,1030)") || error.contains("ends early"),
        "{error}"
    );
    let error = failure(&file(DEFLATED, &[0xFF; 40]));
    assert_eq!(
        error,
        "the deflated data set is damaged after 0 inflated bytes"
    );
}

#[test]
fn big_values_are_located_and_not_read() {
    let big = vec![7; 300_000];
    let inner = element((0x0042, 0x0011), "OB", &big);
    let mut data_set = element((0x0042, 0x0011), "OB", &big);
    data_set.extend(element(
        (0x5400, 0x0100),
        "SQ",
        &[item(b""), item(&inner)].concat(),
    ));
    data_set.extend(element((0x7FE0, 0x0010), "OW", b"tiny"));
    let file = file(EXPLICIT, &data_set);
    let (layout, object) = read(&file).unwrap();
    let found: Vec<String> = layout
        .bulk
        .iter()
        .map(|e| {
            let Bulk::Whole(range) = &e.value else {
                panic!()
            };
            let path: Vec<String> = e
                .path
                .iter()
                .map(|s| format!("{}[{}]", s.sequence, s.item))
                .collect();
            assert!(
                file[range.start as usize..range.end as usize] == big || e.tag == tags::PIXEL_DATA
            );
            format!("{}{} {}", path.concat(), e.tag, range.end - range.start)
        })
        .collect();
    assert_eq!(
        found,
        [
            "(0042,0011) 300000",
            "(5400,0100)[1](0042,0011) 300000",
            "(7FE0,0010) 4"
        ]
    );
    assert!(
        object
            .element(tags::PIXEL_DATA)
            .unwrap()
            .value()
            .multiplicity()
            == 0
    );
    let items = object
        .element(Tag(0x5400, 0x0100))
        .unwrap()
        .items()
        .unwrap();
    assert!(
        items[1]
            .element(tags::ENCAPSULATED_DOCUMENT)
            .unwrap()
            .value()
            .multiplicity()
            == 0
    );
}

#[test]
fn what_a_header_may_hold_is_bounded() {
    let many = element((0x0008, 0x0060), "CS", b"").repeat(2_000);
    let limits = Limits {
        elements: 1_000,
        ..Limits::default()
    };
    let error = scan(Cursor::new(file(EXPLICIT, &many)), &limits).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("more than 1000 elements, items and fragments at offset"),
        "{error}"
    );
    let large = element((0x0008, 0x0060), "UT", &[b'x'; 1000]).repeat(20);
    let limits = Limits {
        header: 10_000,
        ..Limits::default()
    };
    let error = scan(Cursor::new(file(EXPLICIT, &large)), &limits).unwrap_err();
    assert!(
        matches!(error, ScanError::HeaderTooBig { limit: 10_000, .. }),
        "{error}"
    );
}

#[test]
fn un_of_undefined_length_hides_an_implicit_sequence() {
    let mut data_set = b"\x09\x00\x01\x10UN\0\0\xFF\xFF\xFF\xFF".to_vec();
    data_set.extend(item(b"\x10\x00\x20\x00\x02\x00\x00\x00ID"));
    data_set.extend(end());
    let (_, object) = read(&file(EXPLICIT, &data_set)).unwrap();
    let items = object
        .element(Tag(0x0009, 0x1001))
        .unwrap()
        .items()
        .unwrap();
    assert_eq!(
        items[0]
            .element(tags::PATIENT_ID)
            .unwrap()
            .to_str()
            .unwrap(),
        "ID"
    );
}

/// Frames of a file, as texts or as errors.
fn frames(data_set: Vec<u8>, syntax: &str, count: u32) -> Vec<String> {
    let file = file(syntax, &data_set);
    let (layout, object) = read(&file).unwrap();
    let text = |frame| match frame_bytes(Cursor::new(&file), &layout, &object, frame) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => error.to_string(),
    };
    (1..=count).map(text).collect()
}

#[test]
fn frames_are_found_by_whatever_tells_where_they_are() {
    let three: [&[u8]; 3] = [b"one.", b"two.", b"more"];
    assert_eq!(
        frames(fragments(3, &[], &three), JPEG, 3),
        ["one.", "two.", "more"]
    );
    assert_eq!(
        frames(fragments(2, &[0, 12], &three), JPEG, 2),
        ["one.", "two.more"]
    );
    assert_eq!(
        frames(fragments(2, &[0, 24], &three), JPEG, 2),
        ["one.two.", "more"]
    );
    assert_eq!(frames(fragments(1, &[], &three), JPEG, 1), ["one.two.more"]);
    // A table that leads nowhere is no table.
    assert_eq!(
        frames(fragments(3, &[0, 13, 99], &three), JPEG, 3),
        ["one.", "two.", "more"]
    );
    let mut extended = element(
        (0x7FE0, 0x0001),
        "OV",
        &[0_u64, 24].map(u64::to_le_bytes).concat(),
    );
    extended.extend(element(
        (0x7FE0, 0x0002),
        "OV",
        &[4_u64, 4].map(u64::to_le_bytes).concat(),
    ));
    let number = element((0x0028, 0x0008), "IS", b"2 ");
    let pixels = fragments(2, &[], &three)[number.len()..].to_vec();
    assert_eq!(
        frames([number, extended, pixels].concat(), JPEG, 2),
        ["one.", "more"]
    );
}

#[test]
fn frames_in_several_fragments_are_found_by_their_codestreams() {
    let parts: [&[u8]; 4] = [b"\xFF\x4F\xFF\x51a", b"bc", b"\xFF\x4F\xFF\x51d", b"ef"];
    let found = frames(fragments(2, &[], &parts), "1.2.840.10008.1.2.4.90", 2);
    assert!(
        found[0].ends_with("abc") && found[1].ends_with("def"),
        "{found:?}"
    );
    let parts: [&[u8]; 3] = [b"no", b"mark", b"here"];
    assert_eq!(
        frames(fragments(2, &[], &parts), JPEG, 1),
        ["frame 1 of 2 cannot be found in 3 fragments without offset table"]
    );
}

fn native(rows: u16, columns: u16, bits: u16, frames: u8, pixels: &[u8]) -> Vec<u8> {
    [
        element((0x0028, 0x0008), "IS", format!("{frames:02}").as_bytes()),
        element((0x0028, 0x0010), "US", &rows.to_le_bytes()),
        element((0x0028, 0x0011), "US", &columns.to_le_bytes()),
        element((0x0028, 0x0100), "US", &bits.to_le_bytes()),
        element((0x7FE0, 0x0010), "OW", pixels),
    ]
    .concat()
}

#[test]
fn native_frames_are_cut_where_they_start_even_inside_a_byte() {
    assert_eq!(
        frames(native(1, 2, 16, 2, b"abcdefgh"), EXPLICIT, 3)[..2],
        ["abcd", "efgh"]
    );
    assert_eq!(
        frames(native(1, 2, 16, 2, b"abcdefgh"), EXPLICIT, 3)[2],
        "no frame 3: the instance has frames 1 to 2"
    );
    // Three frames of 3 x 3 single bits: 27 bits.
    let bits = [0b1010_1010, 0b0101_0101, 0b1100_1100, 0b0000_0101];
    let file = file(EXPLICIT, &native(3, 3, 1, 3, &bits));
    let (layout, object) = read(&file).unwrap();
    let all = bits.iter().rev().fold(0_u32, |n, &b| n << 8 | u32::from(b));
    for frame in 1..=3 {
        let bytes = frame_bytes(Cursor::new(&file), &layout, &object, frame).unwrap();
        let found = u32::from(bytes[0]) | u32::from(bytes[1]) << 8;
        assert_eq!(
            found & 0x1FF,
            all >> (9 * (frame - 1)) & 0x1FF,
            "frame {frame}"
        );
    }
}

#[test]
fn claims_about_frames_are_not_believed() {
    assert_eq!(
        frames(native(65_535, 65_535, 32, 99, b"abcd"), EXPLICIT, 1),
        ["frame 1 is not complete: it ends at byte 17179344900 of 4 bytes of pixel data"]
    );
    assert_eq!(
        frames(native(0, 2, 16, 1, b"abcd"), EXPLICIT, 1),
        ["the size of a frame is not known: Rows is missing or out of range"]
    );
    assert_eq!(
        frames(element((0x0008, 0x0060), "CS", b"SR"), EXPLICIT, 1),
        ["no frame 1: the instance has no pixel data"]
    );
    let file = file(EXPLICIT, &native(1, 1, 8, 1, b"ab"));
    let (layout, object) = read(&file).unwrap();
    let none = frame_bytes(Cursor::new(&file), &layout, &object, 0).unwrap_err();
    assert!(matches!(
        none,
        FrameError::OutOfRange {
            frame: 0,
            frames: 1
        }
    ));
}

/// An object of many value representations, with sequences up to a depth.
fn any_object(depth: u32) -> BoxedStrategy<InMemDicomObject> {
    let text = "[A-Za-z0-9]{1,10}";
    let leaf = prop_oneof![
        prop::collection::vec(text, 1..4).prop_map(|v| DataElement::new(
            tags::IMAGE_TYPE,
            VR::CS,
            PrimitiveValue::Strs(v.into())
        )),
        text.prop_map(|v| DataElement::new(tags::PATIENT_NAME, VR::PN, PrimitiveValue::from(v))),
        any::<u16>().prop_map(|v| DataElement::new(tags::ROWS, VR::US, PrimitiveValue::from(v))),
        any::<[f32; 2]>()
            .prop_filter("numbers", |v| v.iter().all(|f| f.is_finite()))
            .prop_map(|v| {
                DataElement::new(
                    tags::RECOMMENDED_DISPLAY_FRAME_RATE_IN_FLOAT,
                    VR::FL,
                    PrimitiveValue::F32(v.as_slice().into()),
                )
            }),
        any::<[f64; 3]>()
            .prop_filter("numbers", |v| v.iter().all(|f| f.is_finite()))
            .prop_map(|v| {
                DataElement::new(
                    tags::REFERENCE_PIXEL_PHYSICAL_VALUE_X,
                    VR::FD,
                    PrimitiveValue::F64(v.as_slice().into()),
                )
            }),
        any::<i32>().prop_map(|v| {
            DataElement::new(tags::REFERENCE_PIXEL_X0, VR::SL, PrimitiveValue::from(v))
        }),
        prop::collection::vec(any::<u16>(), 1..40).prop_map(|v| {
            DataElement::new(
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
                VR::OW,
                PrimitiveValue::U16(v.into()),
            )
        }),
        prop::collection::vec(any::<u8>(), 1..20).prop_map(|mut v| {
            v.truncate(v.len() / 2 * 2);
            DataElement::new(
                tags::ENCAPSULATED_DOCUMENT,
                VR::OB,
                PrimitiveValue::U8(v.into()),
            )
        }),
        Just(DataElement::new(
            tags::FRAME_INCREMENT_POINTER,
            VR::AT,
            dicom_value!(Tags, [tags::FRAME_TIME])
        )),
        Just(DataElement::new(
            tags::STUDY_ID,
            VR::SH,
            PrimitiveValue::Empty
        )),
    ];
    let elements = prop::collection::vec(leaf, 0..8);
    if depth == 0 {
        return elements
            .prop_map(InMemDicomObject::from_element_iter)
            .boxed();
    }
    (elements, prop::collection::vec(any_object(depth - 1), 0..3))
        .prop_map(|(elements, items)| {
            let mut object = InMemDicomObject::from_element_iter(elements);
            let sequence = DataSetSequence::new(items, Length::UNDEFINED);
            object.put(DataElement::new(tags::CONTENT_SEQUENCE, VR::SQ, sequence));
            object
        })
        .boxed()
}

/// The same object with values as a header holds them, for comparison.
fn plain(object: &InMemDicomObject) -> Vec<String> {
    let mut lines = Vec::new();
    for element in object.iter() {
        let tag = element.header().tag;
        match element.value() {
            Value::Primitive(value) => {
                let text: Vec<String> = value
                    .to_multi_str()
                    .iter()
                    .map(|s| s.trim_end().to_owned())
                    .collect();
                lines.push(format!("{tag} {} {}", element.vr(), text.join("\\")));
            }
            Value::Sequence(sequence) => {
                for (i, item) in sequence.items().iter().enumerate() {
                    lines.extend(plain(item).into_iter().map(|l| format!("{tag}[{i}] {l}")));
                }
            }
            Value::PixelSequence(_) => lines.push(format!("{tag} pixels")),
        }
    }
    lines
}

/// The file in another transfer syntax, as it is put together from its pieces.
fn anew(file: &[u8], to: &str) -> Vec<u8> {
    let layout = scan(Cursor::new(file), &Limits::default()).unwrap();
    let encoding = Encoding::of(to);
    let mut data_set = Vec::new();
    for piece in recode(Cursor::new(file), &layout, encoding, &BTreeMap::new()).unwrap() {
        let element = match piece {
            Piece::Bytes(bytes) => {
                data_set.extend(bytes);
                continue;
            }
            Piece::Pixels(element) | Piece::Value(element) => element,
        };
        let Bulk::Whole(range) = element.value else {
            panic!("not native")
        };
        let mut value = bytes(Cursor::new(file), &layout, range).unwrap();
        if (layout.encoding == Encoding::ExplicitBig) != (encoding == Encoding::ExplicitBig) {
            turn(&mut value, element.vr);
        }
        data_set.extend(element_head(
            encoding,
            element.tag,
            element.vr,
            value.len() as u32,
        ));
        data_set.extend(value);
    }
    let data_set = match encoding {
        Encoding::Deflated => deflate(&data_set),
        _ => data_set,
    };
    self::file(to, &data_set)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_found(object in any_object(3), pixels in prop::collection::vec(any::<u8>(), 1..50)) {
        for syntax in [EXPLICIT, IMPLICIT, BIG, DEFLATED] {
            let mut whole = object.clone();
            let even: Vec<u8> = pixels.iter().flat_map(|&b| [b, b]).collect();
            whole.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(even.clone().into())));
            let file = encoded(&whole, syntax);
            let (layout, read) = read(&file).unwrap();
            let mut empty = object.clone();
            empty.put(DataElement::new(tags::PIXEL_DATA, read.element(tags::PIXEL_DATA).unwrap().vr(), PrimitiveValue::Empty));
            prop_assert_eq!(plain(&read), plain(&empty));
            let Bulk::Whole(range) = &layout.pixel_data().unwrap().value else { panic!() };
            let found = dicom_wire::part10::bytes(Cursor::new(&file), &layout, range.clone()).unwrap();
            prop_assert_eq!(found, even);
        }
    }

    #[test]
    fn what_is_written_anew_says_the_same(object in any_object(3), words in prop::collection::vec(any::<[u8; 2]>(), 1..20)) {
        let syntaxes = [EXPLICIT, IMPLICIT, BIG, DEFLATED];
        let mut whole = object;
        let pixels = words.iter().map(|&word| u16::from_le_bytes(word)).collect();
        whole.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels)));
        for from in syntaxes {
            let file = encoded(&whole, from);
            let (_, source) = read(&file).unwrap();
            for to in syntaxes {
                let anew = anew(&file, to);
                let (layout, read) = read(&anew).unwrap();
                prop_assert_eq!(plain(&read), plain(&source), "{} to {}", from, to);
                let Bulk::Whole(range) = &layout.pixel_data().unwrap().value else { panic!() };
                let mut found = dicom_wire::part10::bytes(Cursor::new(&anew), &layout, range.clone()).unwrap();
                if to == BIG {
                    turn(&mut found, VR::OW);
                }
                prop_assert_eq!(found, words.concat(), "{} to {}", from, to);
            }
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_or_a_shorter_data_set(object in any_object(2), at in any::<prop::sample::Index>()) {
        let whole = encoded(&object, EXPLICIT);
        let cut = &whole[..at.index(whole.len())];
        if let Ok((layout, read)) = read(cut) {
            prop_assert!(layout.data_set.end as usize == cut.len());
            let all = plain(&object);
            prop_assert!(plain(&read).iter().all(|line| all.contains(line)));
        }
    }

    #[test]
    fn changed_bytes_never_panic(
        object in any_object(2),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        syntax in prop::sample::select(vec![EXPLICIT, IMPLICIT, BIG, DEFLATED]),
    ) {
        let mut file = encoded(&object, syntax);
        for (at, byte) in changes {
            let at = 128 + at.index(file.len() - 128);
            file[at] = byte;
        }
        if let Ok((layout, object)) = read(&file) {
            let _ = frame_bytes(Cursor::new(&file), &layout, &object, 1);
        }
    }

    #[test]
    fn any_bytes_behind_a_meta_group_never_panic(
        bytes in prop::collection::vec(prop_oneof![
            4 => any::<u8>().prop_map(|b| vec![b]),
            1 => Just(head((0xFFFE, 0xE000), u32::MAX)),
            1 => Just(end()),
            1 => Just(b"\x40\x00\x30\xA7SQ\0\0\xFF\xFF\xFF\xFF".to_vec()),
            1 => Just(b"\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF".to_vec()),
        ], 0..40),
        syntax in prop::sample::select(vec![EXPLICIT, IMPLICIT, BIG, DEFLATED, JPEG]),
    ) {
        let _ = read(&file(syntax, &bytes.concat()));
        let _ = read(&bytes.concat());
    }
}
