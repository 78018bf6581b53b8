//! Searches, as URLs and as identifiers.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::query::{Include, Key, Level, MAX_QUERY_STRING, Matching, Path, Query, QueryError};
use dicom_wire::uid::Uid;
use proptest::prelude::*;

fn study(raw: &str) -> Result<Query, QueryError> {
    Query::from_url(Level::Study, None, None, raw)
}

fn matching(raw: &str) -> Matching {
    study(raw).unwrap().keys.remove(0).matching
}

fn value(text: &str) -> Matching {
    Matching::Value(text.to_owned())
}

#[test]
fn keywords_and_tags_name_the_same_key() {
    assert_eq!(study("PatientID=X").unwrap(), study("00100020=X").unwrap());
    assert_eq!(
        study("RequestAttributesSequence.ScheduledProcedureStepID=X").unwrap(),
        study("00400275.00400009=X").unwrap()
    );
}

#[test]
fn unknown_names_are_collected_and_do_not_filter() {
    let query = study("xyzzy=1&patientid=X&PatientID.StudyID=1&00081234=2&bare&Limit=3").unwrap();
    assert!(query.keys.is_empty());
    assert_eq!(
        query.ignored,
        [
            "xyzzy",
            "patientid",
            "PatientID.StudyID",
            "00081234",
            "bare",
            "Limit"
        ]
    );
}

#[test]
fn media_type_parameters_belong_to_somebody_else() {
    assert!(
        study("accept=application/dicom%2Bjson&charset=utf-8")
            .unwrap()
            .ignored
            .is_empty()
    );
}

#[test]
fn values_are_decoded_once_and_plus_stays_plus() {
    assert_eq!(
        matching("PatientName=M%C3%BCller*"),
        Matching::Wildcard("Müller*".into())
    );
    assert_eq!(matching("PatientName=DOE%5EJOHN"), value("DOE^JOHN"));
    assert_eq!(matching("StudyDescription=a+b%2Bc%252B"), value("a+b+c%2B"));
    assert_eq!(
        matching("PatientName=DOE%2A"),
        Matching::Wildcard("DOE*".into())
    );
}

#[test]
fn only_texts_take_wildcards() {
    assert_eq!(matching("PatientID=ID?"), Matching::Wildcard("ID?".into()));
    assert_eq!(matching("NumberOfStudyRelatedSeries=1*"), value("1*"));
    assert_eq!(
        study("StudyInstanceUID=1.2*").unwrap_err().to_string(),
        "StudyInstanceUID: \"1.2*\" is not a UID: '*' at position 3 is neither a digit nor a dot"
    );
    assert_eq!(
        study("StudyDate=2024*").unwrap_err().to_string(),
        "StudyDate=2024* is not a DA value or a range of them"
    );
}

#[test]
fn uid_lists_split_at_commas_and_backslashes() {
    let list = Matching::List(vec!["1.2".into(), "1.3".into()]);
    assert_eq!(matching("StudyInstanceUID=1.2,1.3"), list);
    assert_eq!(matching("StudyInstanceUID=1.2%2C1.3"), list);
    assert_eq!(matching("StudyInstanceUID=1.2%5C1.3"), list);
    assert_eq!(matching("StudyInstanceUID=1.2"), value("1.2"));
}

#[test]
fn commas_separate_other_values_only_when_lists_are_asked_for() {
    assert_eq!(matching("StudyDescription=a,b"), value("a,b"));
    let list = Matching::List(vec!["CT".into(), "SR".into()]);
    assert_eq!(
        matching("ModalitiesInStudy=CT,SR&multiplevaluematching=true"),
        list
    );
    assert_eq!(matching("ModalitiesInStudy=CT%5CSR"), list);
}

#[test]
fn empty_values_are_asked_for_by_two_quotes_under_a_switch() {
    assert_eq!(
        matching("AccessionNumber=%22%22&emptyvaluematching=true"),
        Matching::Empty
    );
    assert_eq!(matching("AccessionNumber=%22%22"), value("\"\""));
    assert_eq!(matching("AccessionNumber="), Matching::Universal);
}

#[test]
fn ranges_have_ends() {
    let range = |from: Option<&str>, to: Option<&str>| Matching::Range {
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    assert_eq!(
        matching("StudyDate=20240101-20240131"),
        range(Some("20240101"), Some("20240131"))
    );
    assert_eq!(
        matching("StudyDate=-20240131"),
        range(None, Some("20240131"))
    );
    assert_eq!(matching("StudyTime=1000-"), range(Some("1000"), None));
    assert_eq!(matching("StudyDescription=1000-"), value("1000-"));
}

#[test]
fn included_fields_come_in_any_spelling() {
    let fields = |raw| study(raw).unwrap().include;
    let three = fields("includefield=PatientSex,StudyDescription,00400275.00400009");
    assert_eq!(
        three,
        fields(
            "includefield=00100040&includefield=00081030%2C00400275.00400009&includefield=00100040"
        )
    );
    let Include::Fields(paths) = three else {
        panic!()
    };
    assert_eq!(paths.len(), 3);
    assert_eq!(fields("includefield=all"), Include::All);
    assert_eq!(
        fields("includefield=PatientSex&includefield=all"),
        Include::All
    );
    assert_eq!(
        study("includefield=nonsense").unwrap().ignored,
        ["nonsense"]
    );
}

#[test]
fn faulty_parameters_are_errors_that_name_the_value() {
    let cases = [
        ("limit=abc", "limit=abc is not a non-negative integer"),
        ("limit=", "limit= is not a non-negative integer"),
        (
            "limit=99999999999999999999",
            "limit=99999999999999999999 is not a non-negative integer",
        ),
        ("offset=-1", "offset=-1 is not a non-negative integer"),
        ("offset=+1", "offset=+1 is not a non-negative integer"),
        (
            "fuzzymatching=maybe",
            "fuzzymatching=maybe is neither true nor false",
        ),
        (
            "emptyvaluematching=TRUE",
            "emptyvaluematching=TRUE is neither true nor false",
        ),
        ("limit=1&limit=1", "limit is given more than once"),
        (
            "PatientID=A&00100020=B",
            "PatientID is given more than once",
        ),
        (
            "PatientID=%zz",
            "\"%zz\" is not percent-encoded: \"%zz\" at position 0 is no escape",
        ),
        (
            "PatientID=A%4",
            "\"A%4\" is not percent-encoded: \"%4\" at position 1 is no escape",
        ),
        ("PatientID=%FF", "\"%FF\" does not decode to UTF-8"),
        (
            "StudyDate=2024-01-01",
            "StudyDate=2024-01-01 is not a DA value or a range of them",
        ),
        (
            "StudyTime=25",
            "StudyTime=25 is not a TM value or a range of them",
        ),
    ];
    for (raw, message) in cases {
        assert_eq!(study(raw).unwrap_err().to_string(), message, "{raw}");
    }
    let long = "x".repeat(MAX_QUERY_STRING + 1);
    assert_eq!(
        study(&long).unwrap_err(),
        QueryError::TooLong {
            length: MAX_QUERY_STRING + 1
        }
    );
}

#[test]
fn an_identifier_gives_its_level_its_keys_and_what_it_wants_back() {
    let mut item = InMemDicomObject::new_empty();
    item.put(DataElement::new(
        tags::SCHEDULED_PROCEDURE_STEP_ID,
        VR::SH,
        PrimitiveValue::from("S1"),
    ));
    let sequence = dicom_core::value::DataSetSequence::from(vec![item]);
    let identifier = InMemDicomObject::from_element_iter([
        DataElement::new(
            tags::SPECIFIC_CHARACTER_SET,
            VR::CS,
            PrimitiveValue::from("ISO_IR 192"),
        ),
        DataElement::new(
            tags::QUERY_RETRIEVE_LEVEL,
            VR::CS,
            PrimitiveValue::from("SERIES "),
        ),
        DataElement::new(tags::MODALITY, VR::CS, PrimitiveValue::from("CT")),
        DataElement::new(
            tags::STUDY_INSTANCE_UID,
            VR::UI,
            dicom_core::dicom_value!(Strs, ["1.2", "1.3\0"]),
        ),
        DataElement::new(tags::SERIES_NUMBER, VR::IS, PrimitiveValue::Empty),
        DataElement::new(tags::REQUEST_ATTRIBUTES_SEQUENCE, VR::SQ, sequence),
    ]);
    let query = Query::from_identifier(&identifier).unwrap();
    assert_eq!(query.level, Level::Series);
    let keys: Vec<String> = query
        .keys
        .iter()
        .map(|k| format!("{} {:?}", k.path, k.matching))
        .collect();
    assert_eq!(
        keys,
        [
            "Modality Value(\"CT\")",
            "StudyInstanceUID List([\"1.2\", \"1.3\"])",
            "SeriesNumber Universal",
            "RequestAttributesSequence.ScheduledProcedureStepID Value(\"S1\")",
        ]
    );
    assert_eq!(
        query.values(tags::STUDY_INSTANCE_UID),
        Some(vec!["1.2", "1.3"])
    );
}

#[test]
fn an_identifier_needs_a_level_that_exists() {
    let mut identifier = InMemDicomObject::new_empty();
    assert_eq!(
        Query::from_identifier(&identifier).unwrap_err(),
        QueryError::NoLevel
    );
    identifier.put(DataElement::new(
        tags::QUERY_RETRIEVE_LEVEL,
        VR::CS,
        PrimitiveValue::from("FRAME"),
    ));
    assert_eq!(
        Query::from_identifier(&identifier).unwrap_err().to_string(),
        "QueryRetrieveLevel \"FRAME\" is none of PATIENT, STUDY, SERIES and IMAGE"
    );
}

#[test]
fn the_uids_of_the_path_go_into_the_identifier() {
    let uid = |text| Some(Uid::parse(text).unwrap());
    let query =
        Query::from_url(Level::Instance, uid("1.2"), uid("1.3"), "includefield=Rows").unwrap();
    let read = Query::from_identifier(&query.to_identifier()).unwrap();
    assert_eq!(read.values(tags::STUDY_INSTANCE_UID), Some(vec!["1.2"]));
    assert_eq!(read.values(tags::SERIES_INSTANCE_UID), Some(vec!["1.3"]));
    assert_eq!(read.key(tags::ROWS).unwrap().matching, Matching::Universal);
}

const PATHS: [&str; 14] = [
    "PatientName",
    "PatientID",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "AcquisitionDateTime",
    "ModalitiesInStudy",
    "StudyDescription",
    "SeriesNumber",
    "Rows",
    "00091001",
    "60023000",
    "RequestAttributesSequence.ScheduledProcedureStepID",
    "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue",
];

/// A matching that the value representation can have.
fn any_matching(vr: VR) -> BoxedStrategy<Matching> {
    let uid = || "[1-9]{1,4}(\\.[0-9]{1,4}){1,5}".boxed();
    let moment = move || match vr {
        VR::DA => "(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])".boxed(),
        VR::TM => "([01][0-9]|2[0-3])([0-5][0-9]([0-5][0-9](\\.[0-9]{1,6})?)?)?".boxed(),
        _ => "20[0-9]{2}((0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8]))?".boxed(),
    };
    // Trimmed, not `""`, without comma and backslash, and not only a wildcard's characters.
    let text = "[a-zA-Zäß+%&=#'^/日本][ a-zA-Z0-9äß+%&=#'^/-]{0,12}[a-zA-Z0-9%=ü]";
    match vr {
        VR::UI => prop_oneof![
            Just(Matching::Universal),
            uid().prop_map(Matching::Value),
            prop::collection::vec(uid(), 2..5).prop_map(Matching::List),
        ]
        .boxed(),
        VR::DA | VR::TM | VR::DT => prop_oneof![
            moment().prop_map(Matching::Value),
            (moment(), moment()).prop_map(|(a, b)| Matching::Range {
                from: Some(a),
                to: Some(b)
            }),
            moment().prop_map(|a| Matching::Range {
                from: Some(a),
                to: None
            }),
            moment().prop_map(|b| Matching::Range {
                from: None,
                to: Some(b)
            }),
        ]
        .boxed(),
        VR::OW | VR::OB => Just(Matching::Universal).boxed(),
        VR::US => any::<u16>()
            .prop_map(|n| Matching::Value(n.to_string()))
            .boxed(),
        VR::IS | VR::UN => text.prop_map(Matching::Value).boxed(),
        _ => prop_oneof![
            Just(Matching::Universal),
            text.prop_map(Matching::Value),
            text.prop_map(|t| Matching::Wildcard(format!("{t}*?"))),
            prop::collection::vec(text, 2..4).prop_map(Matching::List),
        ]
        .boxed(),
    }
}

fn any_key(path: &'static str) -> impl Strategy<Value = Key> {
    let path = Path::parse(path).unwrap();
    let vr = path.vr();
    any_matching(vr).prop_map(move |matching| Key {
        path: path.clone(),
        vr,
        matching,
    })
}

prop_compose! {
    fn any_query()(
        level in prop::sample::select(vec![Level::Study, Level::Series, Level::Instance]),
        keys in prop::sample::subsequence(PATHS.to_vec(), 0..6)
            .prop_flat_map(|paths| paths.into_iter().map(any_key).collect::<Vec<_>>()),
        fields in prop::sample::subsequence(PATHS.to_vec(), 0..6),
        all in any::<bool>(),
        limit in any::<Option<u64>>(),
        offset in any::<u64>(),
        (fuzzy, multiple_values) in any::<(bool, bool)>(),
    ) -> Query {
        let fields = fields.into_iter().map(|p| Path::parse(p).unwrap()).collect();
        let include = if all { Include::All } else { Include::Fields(fields) };
        Query { keys, include, limit, offset, fuzzy, multiple_values, combined: true, ..Query::all(level) }
    }
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(query in any_query()) {
        let url = query.to_url();
        prop_assert!(url.is_ascii());
        prop_assert_eq!(Query::from_url(query.level, None, None, &url).unwrap(), query);
    }

    #[test]
    fn an_identifier_says_the_same_as_a_url(query in any_query()) {
        let mut read = Query::from_identifier(&query.to_identifier()).unwrap();
        read.keys.retain(|key| query.keys.iter().any(|asked| asked.path == key.path));
        read.keys.sort_by(|a, b| a.path.cmp(&b.path));
        let mut keys = query.keys.clone();
        keys.sort_by(|a, b| a.path.cmp(&b.path));
        prop_assert_eq!(read.keys, keys);
        prop_assert_eq!(read.level, query.level);
    }

    #[test]
    fn any_query_string_is_answered(
        raw in "\\PC{0,60}",
        pairs in prop::collection::vec(("(limit|offset|PatientName|StudyDate|includefield|0008....)", "[-%0-9A-Z,*?\\\\\"]{0,8}"), 0..5),
    ) {
        let _ = study(&raw);
        let joined: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if let Ok(query) = study(&joined.join("&")) {
            // What was understood is understood again.
            let again = study(&query.to_url()).unwrap();
            prop_assert_eq!(Query { ignored: Vec::new(), ..query }, again);
        }
    }
}
