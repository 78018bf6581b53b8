//! The JSON and the XML model of data sets.

use dicom_core::value::{DataSetSequence, PixelFragmentSequence, PrimitiveValue, Value};
use dicom_core::{Length, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::json::{self, JsonError, WhatIsWrong};
use dicom_wire::xml::{self, XmlError};
use proptest::prelude::*;

fn object(elements: impl IntoIterator<Item = InMemElement>) -> InMemDicomObject {
    InMemDicomObject::from_element_iter(elements)
}

fn element(tag: Tag, vr: VR, value: impl Into<PrimitiveValue>) -> InMemElement {
    InMemElement::new(tag, vr, value.into())
}

fn sequence(tag: Tag, items: Vec<InMemDicomObject>) -> InMemElement {
    InMemElement::new(tag, VR::SQ, DataSetSequence::new(items, Length::UNDEFINED))
}

fn written(object: &InMemDicomObject) -> String {
    String::from_utf8(json::to_vec(object, &json::inline)).unwrap()
}

fn written_one(vr: VR, value: impl Into<PrimitiveValue>) -> String {
    let text = written(&object([element(Tag(0x0009, 0x1001), vr, value)]));
    text.strip_prefix("{\"00091001\":")
        .and_then(|text| text.strip_suffix('}'))
        .unwrap()
        .to_owned()
}

#[test]
fn json_says_every_value_as_annex_f_wants_it() {
    let strs = |texts: &[&str]| PrimitiveValue::Strs(texts.iter().map(|t| t.to_string()).collect());
    let cases: Vec<(VR, PrimitiveValue, &str)> = vec![
        (VR::LO, "a ".into(), r#"{"vr":"LO","Value":["a"]}"#),
        (
            VR::LO,
            "a\\\\b".into(),
            r#"{"vr":"LO","Value":["a",null,"b"]}"#,
        ),
        (
            VR::CS,
            strs(&["A", "", " B "]),
            r#"{"vr":"CS","Value":["A",null,"B"]}"#,
        ),
        (VR::LT, strs(&["a", "b"]), r#"{"vr":"LT","Value":["a\\b"]}"#),
        (VR::LO, PrimitiveValue::Empty, r#"{"vr":"LO"}"#),
        (VR::LO, "  ".into(), r#"{"vr":"LO"}"#),
        (VR::UI, "1.2.3\0".into(), r#"{"vr":"UI","Value":["1.2.3"]}"#),
        (
            VR::PN,
            "A^B=\u{5c71}=\u{3084} ".into(),
            r#"{"vr":"PN","Value":[{"Alphabetic":"A^B","Ideographic":"山","Phonetic":"や"}]}"#,
        ),
        (
            VR::PN,
            "=\u{5c71}".into(),
            r#"{"vr":"PN","Value":[{"Ideographic":"山"}]}"#,
        ),
        (
            VR::PN,
            strs(&["A", "", "B"]),
            r#"{"vr":"PN","Value":[{"Alphabetic":"A"},null,{"Alphabetic":"B"}]}"#,
        ),
        (
            VR::DS,
            "1.50\\+2\\007\\.5\\1e3\\-0.0".into(),
            r#"{"vr":"DS","Value":[1.50,2,7,0.5,1e3,-0.0]}"#,
        ),
        (
            VR::DS,
            "1,5\\ 3 \\inf".into(),
            r#"{"vr":"DS","Value":["1,5",3,"inf"]}"#,
        ),
        (VR::IS, "12 ".into(), r#"{"vr":"IS","Value":[12]}"#),
        (VR::IS, "1A".into(), r#"{"vr":"IS","Value":["1A"]}"#),
        (
            VR::US,
            PrimitiveValue::U16([1, 65535].as_ref().into()),
            r#"{"vr":"US","Value":[1,65535]}"#,
        ),
        (
            VR::FL,
            PrimitiveValue::from(0.5_f32),
            r#"{"vr":"FL","Value":[0.5]}"#,
        ),
        (
            VR::FD,
            PrimitiveValue::F64([0.1, f64::NAN, f64::INFINITY].as_ref().into()),
            r#"{"vr":"FD","Value":[0.1,"NaN","inf"]}"#,
        ),
        (
            VR::UV,
            PrimitiveValue::from(u64::MAX),
            r#"{"vr":"UV","Value":["18446744073709551615"]}"#,
        ),
        (
            VR::SV,
            PrimitiveValue::from(-5_i64),
            r#"{"vr":"SV","Value":[-5]}"#,
        ),
        (
            VR::AT,
            PrimitiveValue::from(Tag(0x0010, 0x001A)),
            r#"{"vr":"AT","Value":["0010001A"]}"#,
        ),
        (
            VR::OW,
            PrimitiveValue::from(0x0102_u16),
            r#"{"vr":"OW","InlineBinary":"AgE="}"#,
        ),
        (
            VR::OF,
            PrimitiveValue::from(1.0_f32),
            r#"{"vr":"OF","InlineBinary":"AACAPw=="}"#,
        ),
        (
            VR::UN,
            PrimitiveValue::from([1_u8, 2, 3]),
            r#"{"vr":"UN","InlineBinary":"AQID"}"#,
        ),
        (VR::OB, PrimitiveValue::Empty, r#"{"vr":"OB"}"#),
    ];
    for (vr, value, expected) in cases {
        assert_eq!(written_one(vr, value), expected);
    }
}

#[test]
fn json_sorts_keys_and_leaves_group_lengths_out() {
    let private = element(Tag(0x0029, 0x10AB), VR::SH, "p");
    let object = object([
        private,
        element(tags::PATIENT_ID, VR::LO, "1"),
        element(Tag(0x0008, 0x0000), VR::UL, 12_u32),
        element(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100"),
        sequence(
            tags::REQUEST_ATTRIBUTES_SEQUENCE,
            vec![InMemDicomObject::new_empty()],
        ),
        sequence(tags::OTHER_FAILURES_SEQUENCE, vec![]),
    ]);
    assert_eq!(
        written(&object),
        concat!(
            r#"{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"0008119A":{"vr":"SQ"},"#,
            r#""00100020":{"vr":"LO","Value":["1"]},"002910AB":{"vr":"SH","Value":["p"]},"#,
            r#""00400275":{"vr":"SQ","Value":[{}]}}"#
        )
    );
}

#[test]
fn links_take_the_place_of_values_and_know_where_they_lie() {
    let inner = object([
        element(Tag(0x0028, 0x3006), VR::OW, 7_u16),
        element(tags::PATIENT_ID, VR::LO, "never linked"),
    ]);
    let fragments = PixelFragmentSequence::new_fragments(vec![vec![1_u8, 2]]);
    let object = object([
        sequence(
            Tag(0x0028, 0x3010),
            vec![InMemDicomObject::new_empty(), inner],
        ),
        InMemElement::new(tags::PIXEL_DATA, VR::OB, Value::PixelSequence(fragments)),
    ]);
    let links: json::Links<'_> = &|path, element| {
        let steps = path
            .iter()
            .map(|step| format!("{}[{}]", step.sequence, step.item));
        Some(format!(
            "/{}/{}",
            steps.collect::<String>(),
            element.header().tag
        ))
    };
    let text = String::from_utf8(json::to_vec(&object, links)).unwrap();
    assert!(text.contains(r#""00283006":{"vr":"OW","BulkDataURI":"/(0028,3010)[1]/(0028,3006)"}"#));
    assert!(text.contains(r#""7FE00010":{"vr":"OB","BulkDataURI":"//(7FE0,0010)"}"#));
    assert!(text.contains("never linked"));

    let read = json::parse(text.as_bytes()).unwrap().pop().unwrap();
    let uris: Vec<_> = read.links.iter().map(|link| link.uri.as_str()).collect();
    assert_eq!(uris, ["/(0028,3010)[1]/(0028,3006)", "//(7FE0,0010)"]);
    assert_eq!(read.links[0].path[0].item, 1);

    let read = xml::parse(&xml::to_vec(&object, links)).unwrap();
    assert_eq!(read.links[0].uri, uris[0]);
    assert_eq!(read.links[0].path[0].item, 1);
    assert_eq!(read.links[1].tag, tags::PIXEL_DATA);
    assert!(json::to_vec(&object, &json::inline).ends_with(br#""7FE00010":{"vr":"OB"}}"#));
}

#[test]
fn departures_from_the_json_model_are_told_and_the_rest_is_kept() {
    let body = r#"[{
        "0010001a": {"vr":"LO","Value":["x"]},
        "PatientID": {"vr":"LO","Value":["x"]},
        "00100010": {"vr":"PN","Value":["A^B"]},
        "00100020": {"Value":["id"]},
        "00100030": {"vr":"XX","Value":["20200101"]},
        "00100040": {"vr":"CS","Value":"F"},
        "00280010": {"vr":"US","Value":["512"]},
        "00280011": {"vr":"US","Value":[70000, 5]},
        "00280012": {"vr":"US","Value":[]},
        "00281201": {"vr":"OW","InlineBinary":"*"},
        "00080050": {"vr":"SH","Value":["1"],"BulkDataURI":"x"},
        "00400275": {"vr":"SQ","Value":[{"00400009": 5}]},
        "0020000D": {"vr":"UI","Value":["1.2.3"]}
    }]"#;
    let read = json::parse(body.as_bytes()).unwrap().pop().unwrap();
    let mut told: Vec<String> = read.faults.iter().map(|fault| fault.to_string()).collect();
    told.sort();
    insta::assert_snapshot!(told.join("\n"), @r"
    attribute 00080050: more than one of Value, InlineBinary and BulkDataURI is there
    attribute 00100010: a value has another type than its vr asks for
    attribute 0010001a: the key is not eight upper-case hexadecimal digits
    attribute 00100020: vr is missing
    attribute 00100030: vr is none that exists
    attribute 00100040: Value is not an array
    attribute 00280010: a value has another type than its vr asks for
    attribute 00280011: a number is out of the range of its vr
    attribute 00280012: Value is an empty array where it should be absent
    attribute 00281201: InlineBinary is not base64
    attribute 00400275.0.00400009: the attribute is not an object
    attribute PatientID: the key is not eight upper-case hexadecimal digits
    ");
    let text = |tag| {
        read.object
            .element(tag)
            .unwrap()
            .to_str()
            .unwrap()
            .into_owned()
    };
    assert_eq!(text(tags::STUDY_INSTANCE_UID), "1.2.3");
    assert_eq!(text(tags::PATIENT_NAME), "A^B");
    assert_eq!(text(tags::PATIENT_ID), "id");
    assert_eq!(text(tags::ROWS), "512");
    assert_eq!(
        read.object.element(tags::PATIENT_BIRTH_DATE).unwrap().vr(),
        VR::DA
    );
    assert!(
        read.faults
            .iter()
            .any(|fault| fault.wrong == WhatIsWrong::NoVr)
    );
}

#[test]
fn what_is_no_json_model_is_an_error() {
    let deep = "[".repeat(5000);
    let told = |body: &str| json::parse(body.as_bytes()).unwrap_err();
    assert!(
        told("<html>")
            .to_string()
            .starts_with("not JSON: expected value at line 1")
    );
    assert_eq!(
        told("3").to_string(),
        "a number where an object or an array of objects is required"
    );
    assert_eq!(told("[[]]"), JsonError::NotObjects("an array"));
    assert_eq!(told(&deep), JsonError::TooDeep);
    assert!(told("{} {}").to_string().contains("trailing characters"));
    assert!(json::parse(b"[]").unwrap().is_empty());
}

#[test]
fn sequences_sixty_four_deep_go_there_and_back() {
    let value = PrimitiveValue::Strs(vec!["x".to_owned()].into());
    let mut inner = object([element(tags::CODE_VALUE, VR::SH, value)]);
    for _ in 0..64 {
        inner = object([sequence(tags::CONTENT_SEQUENCE, vec![inner])]);
    }
    let read = json::parse(&json::to_vec(&inner, &json::inline))
        .unwrap()
        .pop()
        .unwrap();
    assert_eq!(dump(&read.object), dump(&inner));
    assert!(json::to_value(&inner, &json::inline).is_object());
    assert_eq!(
        dump(
            &xml::parse(&xml::to_vec(&inner, &xml::inline))
                .unwrap()
                .object
        ),
        dump(&inner)
    );
}

#[test]
fn xml_names_private_attributes_by_their_creator() {
    let object = object([
        element(Tag(0x0029, 0x0010), VR::LO, "SOMEBODY \"1\""),
        element(Tag(0x0029, 0x10AB), VR::SH, "a<b&c"),
        element(tags::PATIENT_NAME, VR::PN, "A^B^^Dr=\u{5c71}^\u{592a}"),
        element(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\\\AXIAL"),
        element(tags::PATIENT_COMMENTS, VR::LT, "two\r\nlines\u{c}"),
    ]);
    let text = String::from_utf8(xml::to_vec(&object, &xml::inline)).unwrap();
    insta::assert_snapshot!(text.replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">
    <DicomAttribute tag="00080008" vr="CS" keyword="ImageType">
    <Value number="1">ORIGINAL</Value>
    <Value number="3">AXIAL</Value>
    </DicomAttribute>
    <DicomAttribute tag="00100010" vr="PN" keyword="PatientName">
    <PersonName number="1">
    <Alphabetic>
    <FamilyName>A</FamilyName>
    <GivenName>B</GivenName>
    <NamePrefix>Dr</NamePrefix>
    </Alphabetic>
    <Ideographic>
    <FamilyName>山</FamilyName>
    <GivenName>太</GivenName>
    </Ideographic>
    </PersonName>
    </DicomAttribute>
    <DicomAttribute tag="00104000" vr="LT" keyword="PatientComments">
    <Value number="1">two&#13;&#10;lines�</Value>
    </DicomAttribute>
    <DicomAttribute tag="00290010" vr="LO">
    <Value number="1">SOMEBODY &quot;1&quot;</Value>
    </DicomAttribute>
    <DicomAttribute tag="002900AB" vr="SH" privateCreator="SOMEBODY &quot;1&quot;">
    <Value number="1">a&lt;b&amp;c</Value>
    </DicomAttribute>
    </NativeDicomModel>
    "#);
    let read = xml::parse(text.as_bytes()).unwrap().object;
    let text = |tag| read.element(tag).unwrap().to_str().unwrap().into_owned();
    assert_eq!(text(Tag(0x0029, 0x10AB)), "a<b&c");
    assert_eq!(text(tags::IMAGE_TYPE), "ORIGINAL\\\\AXIAL");
    assert_eq!(text(tags::PATIENT_COMMENTS), "two\r\nlines\u{fffd}");
    assert_eq!(text(tags::PATIENT_NAME), "A^B^^Dr=\u{5c71}^\u{592a}");
}

#[test]
fn xml_gives_a_private_block_to_a_creator_that_has_none() {
    let body = r#"<n:NativeDicomModel xmlns:n="x"><n:DicomAttribute tag="00290001" vr="SH" privateCreator="ME"><n:Value number="1">v</n:Value></n:DicomAttribute></n:NativeDicomModel>"#;
    let read = xml::parse(body.as_bytes()).unwrap().object;
    assert_eq!(
        read.element(Tag(0x0029, 0x0010)).unwrap().to_str().unwrap(),
        "ME"
    );
    assert_eq!(
        read.element(Tag(0x0029, 0x1001)).unwrap().to_str().unwrap(),
        "v"
    );
}

#[test]
fn what_is_no_xml_model_is_an_error() {
    let wrap = |inside: &str| format!("<NativeDicomModel>{inside}</NativeDicomModel>");
    let deep = wrap(&"<DicomAttribute tag=\"0040A730\" vr=\"SQ\"><Item>".repeat(200));
    let cases = [
        (
            "{}".to_owned(),
            "the document ends before NativeDicomModel does",
        ),
        (
            "<html></html>".to_owned(),
            "element \"html\" where NativeDicomModel is required",
        ),
        (
            "<NativeDicomModel>".to_owned(),
            "the document ends before NativeDicomModel does",
        ),
        ("<NativeDicomModel></x>".to_owned(), "not XML: "),
        (
            wrap("<DicomAttribute vr=\"LO\"/>"),
            "\"\" is not a tag of eight hexadecimal digits",
        ),
        (
            wrap("<DicomAttribute tag=\"00100020\" vr=\"ZZ\"/>"),
            "attribute (0010,0020): \"ZZ\" is not a vr",
        ),
        (
            wrap("<DicomAttribute tag=\"00280010\" vr=\"US\"><Value>x</Value></DicomAttribute>"),
            "attribute (0028,0010): a value is not of vr US",
        ),
        (
            wrap(
                "<DicomAttribute tag=\"00280010\" vr=\"US\"><Value number=\"999999999\">1</Value></DicomAttribute>",
            ),
            "attribute (0028,0010): \"999999999\" is not a usable number of a value",
        ),
        (
            wrap(
                "<DicomAttribute tag=\"00281201\" vr=\"OW\"><InlineBinary>*</InlineBinary></DicomAttribute>",
            ),
            "attribute (0028,1201): a value is not of vr OW",
        ),
        (deep, "items are nested more than 128 deep"),
    ];
    for (body, message) in cases {
        let error: XmlError = xml::parse(body.as_bytes()).unwrap_err();
        assert!(
            error.to_string().starts_with(message),
            "{error} instead of {message}"
        );
    }
}

/// What a data set holds, as text: undefined lengths are not equal to themselves.
fn dump(object: &InMemDicomObject) -> String {
    object
        .iter()
        .map(|element| {
            let value = match element.value() {
                Value::Sequence(sequence) => sequence
                    .items()
                    .iter()
                    .map(|item| format!("[{}]", dump(item)))
                    .collect(),
                other => format!("{other:?}"),
            };
            format!("{} {} {value}\n", element.header().tag, element.vr())
        })
        .collect()
}

fn value_of(vr: VR) -> BoxedStrategy<PrimitiveValue> {
    fn texts(pattern: &'static str) -> BoxedStrategy<PrimitiveValue> {
        prop::collection::vec(pattern, 1..4)
            .prop_map(|mut texts| {
                if texts.len() == 1 && texts[0].is_empty() {
                    texts[0].push('x');
                }
                PrimitiveValue::Strs(texts.into())
            })
            .boxed()
    }
    match vr {
        VR::PN => texts("([A-Za-zäé<&]{1,6}(\\^[A-Za-z]{1,4}){0,4})(=[山田]{1,3})?"),
        VR::LT | VR::UT => "[^\\\\\u{0}-\u{8}\u{b}-\u{1f}\u{fffe}\u{ffff}]{0,20}x"
            .prop_map(|text: String| PrimitiveValue::Strs(vec![text].into()))
            .boxed(),
        VR::DS | VR::IS => texts("-?[1-9][0-9]{0,6}"),
        VR::CS => texts("[A-Z0-9]{0,8}"),
        VR::US => prop::collection::vec(any::<u16>(), 1..4)
            .prop_map(|v| PrimitiveValue::U16(v.into()))
            .boxed(),
        VR::SS => prop::collection::vec(any::<i16>(), 1..4)
            .prop_map(|v| PrimitiveValue::I16(v.into()))
            .boxed(),
        VR::UL => prop::collection::vec(any::<u32>(), 1..4)
            .prop_map(|v| PrimitiveValue::U32(v.into()))
            .boxed(),
        VR::SV => prop::collection::vec(any::<i64>(), 1..4)
            .prop_map(|v| PrimitiveValue::I64(v.into()))
            .boxed(),
        VR::FL => prop::collection::vec(prop::num::f32::NORMAL, 1..4)
            .prop_map(|v| PrimitiveValue::F32(v.into()))
            .boxed(),
        VR::FD => prop::collection::vec(prop::num::f64::NORMAL, 1..4)
            .prop_map(|v| PrimitiveValue::F64(v.into()))
            .boxed(),
        VR::AT => prop::collection::vec((any::<u16>(), any::<u16>()), 1..4)
            .prop_map(|v| PrimitiveValue::Tags(v.into_iter().map(|(g, e)| Tag(g, e)).collect()))
            .boxed(),
        VR::OW => prop::collection::vec(any::<u16>(), 1..9)
            .prop_map(|v| PrimitiveValue::U16(v.into()))
            .boxed(),
        VR::OD => prop::collection::vec(prop::num::f64::NORMAL, 1..9)
            .prop_map(|v| PrimitiveValue::F64(v.into()))
            .boxed(),
        _ => prop::collection::vec(any::<u8>(), 1..9)
            .prop_map(|v| PrimitiveValue::U8(v.into()))
            .boxed(),
    }
}

fn data_set() -> impl Strategy<Value = InMemDicomObject> {
    let vrs = vec![
        VR::PN,
        VR::LT,
        VR::UT,
        VR::DS,
        VR::IS,
        VR::CS,
        VR::US,
        VR::SS,
        VR::UL,
        VR::SV,
        VR::FL,
        VR::FD,
        VR::AT,
        VR::OW,
        VR::OD,
        VR::OB,
        VR::UN,
    ];
    let primitive = prop::sample::select(vrs).prop_flat_map(|vr| {
        let value = prop_oneof![1 => Just(PrimitiveValue::Empty), 5 => value_of(vr)];
        (0x0010_u16..0x7F00, 1_u16..0x0FFF, value)
            .prop_map(move |(group, number, value)| element(Tag(group & !1, number), vr, value))
    });
    let leaf = prop::collection::vec(primitive.clone(), 0..6).prop_map(object);
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let nested = (
            (0x0010_u16..0x7F00, 1_u16..0x0FFF),
            prop::collection::vec(inner, 0..3),
        )
            .prop_map(|((group, number), items)| sequence(Tag(group & !1, number), items));
        (
            prop::collection::vec(primitive.clone(), 0..5),
            prop::collection::vec(nested, 0..3),
        )
            .prop_map(|(flat, nested)| object(flat.into_iter().chain(nested)))
    })
}

proptest! {
    #[test]
    fn json_goes_there_and_back(data_set in data_set()) {
        let body = json::to_vec(&data_set, &json::inline);
        let read = json::parse(&body).unwrap().pop().unwrap();
        prop_assert_eq!(read.faults, vec![]);
        prop_assert_eq!(dump(&read.object), dump(&data_set));
    }

    #[test]
    fn xml_goes_there_and_back(data_set in data_set()) {
        let body = xml::to_vec(&data_set, &xml::inline);
        prop_assert_eq!(dump(&xml::parse(&body).unwrap().object), dump(&data_set));
    }

    #[test]
    fn no_body_makes_the_readers_panic(body in "\\PC{0,80}", json in "[\\[\\]{}\",:a-z0-9vrVU ]{0,80}") {
        let _ = json::parse(body.as_bytes());
        let _ = json::parse(json.as_bytes());
        let _ = xml::parse(body.as_bytes());
    }
}
