//! What matches, and what a match is told as.

use std::sync::Arc;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_mock_archive::index::Index;
use dicom_mock_archive::matching::{Quirk, Quirks, Style, matches};
use dicom_mock_archive::request::Scope;
use dicom_mock_archive::store::{Storage, Stored};
use dicom_object::InMemDicomObject;
use dicom_wire::part10::FileMeta;
use dicom_wire::query::{Key, Level, Query};
use dicom_wire::uid::Uid;
use proptest::prelude::*;

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn put(object: &mut InMemDicomObject, tag: Tag, vr: VR, text: &str) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
}

/// Instance `instance` of series `series` of study `study`.
fn object(study: u8, series: u8, instance: u8) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    put(
        &mut object,
        tags::SPECIFIC_CHARACTER_SET,
        VR::CS,
        "ISO_IR 192",
    );
    put(
        &mut object,
        tags::SOP_CLASS_UID,
        VR::UI,
        "1.2.840.10008.5.1.4.1.1.7",
    );
    put(
        &mut object,
        tags::SOP_INSTANCE_UID,
        VR::UI,
        &format!("1.{study}.{series}.{instance}"),
    );
    put(
        &mut object,
        tags::STUDY_INSTANCE_UID,
        VR::UI,
        &format!("1.{study}"),
    );
    put(
        &mut object,
        tags::SERIES_INSTANCE_UID,
        VR::UI,
        &format!("1.{study}.{series}"),
    );
    put(
        &mut object,
        tags::INSTANCE_NUMBER,
        VR::IS,
        &instance.to_string(),
    );
    object
}

fn stored(object: &InMemDicomObject) -> Arc<Stored> {
    let meta = FileMeta::new(
        uid("1.2.840.10008.5.1.4.1.1.7"),
        uid("1.2"),
        uid("1.2.840.10008.1.2.1"),
    );
    let mut bytes = meta.to_bytes();
    let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
    object.write_dataset_with_ts(&mut bytes, &syntax).unwrap();
    let mut spool = Storage::memory().spool();
    spool.write(bytes.into()).unwrap();
    Arc::new(Stored::read(spool.finish().unwrap()).unwrap())
}

fn query(level: Level, raw: &str) -> Query {
    Query::from_url(level, None, None, raw).unwrap()
}

/// Whether an object with these attributes matches.
fn fits(attributes: &[(Tag, VR, &str)], raw: &str) -> bool {
    fits_with(attributes, raw, Quirks::NONE)
}

/// Whether it does in an archive with quirks.
fn fits_with(attributes: &[(Tag, VR, &str)], raw: &str, quirks: Quirks) -> bool {
    let mut object = InMemDicomObject::new_empty();
    for (tag, vr, text) in attributes {
        let values: Vec<String> = text.split('\\').map(str::to_owned).collect();
        object.put(DataElement::new(
            *tag,
            *vr,
            PrimitiveValue::Strs(values.into()),
        ));
    }
    let query = query(Level::Study, raw);
    let keys: Vec<&Key> = query.keys.iter().collect();
    matches(
        &object,
        &keys,
        Style {
            fuzzy: query.fuzzy,
            combined: query.combined,
            quirks,
        },
    )
}

#[test]
fn each_quirk_turns_one_answer_and_no_other() {
    use Quirk::*;
    let all = [
        AnyKey,
        AnyCase,
        AnyAccent,
        LiteralWildcards,
        QuestionIsAnyRun,
        StarNeedsValue,
        PercentIsWildcard,
        FirstOfList,
        ExclusiveRanges,
        NoOpenRanges,
        RangesAsText,
        SeparateRanges,
        FuzzyOnly,
        ExactNames,
    ];
    let study = [
        (tags::PATIENT_NAME, VR::PN, "Müller^Jürgen"),
        (tags::PATIENT_ID, VR::LO, "Id_7"),
        (tags::REFERRING_PHYSICIAN_NAME, VR::PN, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3"),
        (tags::STUDY_DATE, VR::DA, "20260110"),
        (tags::STUDY_TIME, VR::TM, "101659"),
    ];
    // The query, whether it matches by the standard, and the quirks under which it is the other way round.
    let cases: [(&str, bool, &[Quirk]); 16] = [
        ("PatientID=Id_7&PatientName=Schmidt", false, &[AnyKey]),
        ("PatientID=ID_7", false, &[AnyCase]),
        ("PatientName=muller*", false, &[AnyAccent]),
        ("PatientName=mü*", true, &[LiteralWildcards, ExactNames]),
        ("PatientName=Mü*", true, &[LiteralWildcards]),
        ("PatientID=Id*", true, &[LiteralWildcards]),
        ("PatientID=I?7", false, &[QuestionIsAnyRun]),
        ("ReferringPhysicianName=*", true, &[StarNeedsValue]),
        ("PatientID=Id%25", false, &[PercentIsWildcard]),
        ("StudyInstanceUID=1.2.4,1.2.3", true, &[FirstOfList]),
        ("StudyDate=20260101-20260110", true, &[ExclusiveRanges]),
        ("StudyDate=20260101-", true, &[NoOpenRanges]),
        (
            "StudyTime=1015-1016",
            true,
            &[ExclusiveRanges, RangesAsText],
        ),
        (
            "StudyDate=20260109-20260111&StudyTime=1200-1300",
            true,
            &[SeparateRanges],
        ),
        (
            "PatientName=Müller^Jürgen&fuzzymatching=true",
            true,
            &[FuzzyOnly],
        ),
        ("PatientName=Jurgen&fuzzymatching=true", true, &[]),
    ];
    for (raw, matches, turned) in cases {
        assert_eq!(fits(&study, raw), matches, "{raw}");
        for quirk in all {
            let expected = matches != turned.contains(&quirk);
            let quirks = Quirks::NONE.with(quirk);
            assert_eq!(
                fits_with(&study, raw, quirks),
                expected,
                "{raw} with {quirk:?}"
            );
        }
    }
}

#[test]
fn each_kind_of_matching_takes_what_the_standard_says() {
    let name = [(tags::PATIENT_NAME, VR::PN, "Müller^Jürgen")];
    let id = [(tags::PATIENT_ID, VR::LO, "ID-1")];
    let date = [(tags::STUDY_DATE, VR::DA, "20240115")];
    let time = [(tags::STUDY_TIME, VR::TM, "103015.5")];
    let no_date = [(tags::STUDY_DATE, VR::DA, "")];
    let number = [(tags::SERIES_NUMBER, VR::IS, "7 ")];
    let modalities = [(tags::MODALITIES_IN_STUDY, VR::CS, "CT\\SR")];
    let yes = [
        (&name[..], "PatientName=m%C3%BCller*"),
        (&name, "PatientName="),
        (&name, "PatientName=*"),
        (&[], "PatientName=*"),
        (&[], "PatientName="),
        (&name, "PatientName=muller&fuzzymatching=true"),
        (&id, "PatientID=ID-1"),
        (&id, "PatientID=ID-?"),
        (&id, "PatientID=ID-1*"),
        (&id, "PatientID=X%5CID-1"),
        (&date, "StudyDate=20240115"),
        (&date, "StudyDate=20240101-20240115"),
        (&date, "StudyDate=20240115-"),
        (&date, "StudyDate=-20240115"),
        (&time, "StudyTime=1030"),
        (&time, "StudyTime=1030-1031"),
        (&time, "StudyTime=-1030"),
        (&number, "SeriesNumber=7"),
        (&number, "SeriesNumber=007"),
        (&modalities, "ModalitiesInStudy=SR"),
        (&modalities, "ModalitiesInStudy=S*"),
        (&no_date, "StudyDate=%22%22&emptyvaluematching=true"),
        (&[], "StudyDate=%22%22&emptyvaluematching=true"),
    ];
    for (attributes, raw) in yes {
        assert!(fits(attributes, raw), "{attributes:?} should match {raw}");
    }
    let no = [
        (&name[..], "PatientName=muller*"),
        (&name, "PatientName=M%C3%BCller"),
        (&[], "PatientName=A*"),
        (&id, "PatientID=id-1"),
        (&id, "PatientID=ID"),
        (&id, "PatientID=ID%25"),
        (&id, "PatientID=I_-1"),
        (&date, "StudyDate=20240116-"),
        (&date, "StudyDate=20240131-20240101"),
        (&no_date, "StudyDate=-20250101"),
        (&[], "StudyDate=-20250101"),
        (&time, "StudyTime=1031-"),
        (&modalities, "ModalitiesInStudy=sr"),
        (&date, "StudyDate=%22%22&emptyvaluematching=true"),
    ];
    for (attributes, raw) in no {
        assert!(
            !fits(attributes, raw),
            "{attributes:?} should not match {raw}"
        );
    }
}

#[test]
fn ranges_of_a_date_and_its_time_make_one_interval() {
    let at = |date, time| {
        [
            (tags::STUDY_DATE, VR::DA, date),
            (tags::STUDY_TIME, VR::TM, time),
        ]
    };
    let raw = "StudyDate=20240101-20240103&StudyTime=1200-1300";
    assert!(fits(&at("20240102", "080000"), raw), "between both ends");
    assert!(!fits(&at("20240101", "1100"), raw));
    assert!(!fits(&at("20240103", "1301"), raw));
    assert!(fits(&at("20240103", "130059"), raw));
    assert!(!fits(
        &at("20240102", "080000"),
        "StudyDate=20240102&StudyTime=1200-1300"
    ));
}

#[test]
fn keys_in_a_sequence_match_in_the_same_item() {
    let mut object = InMemDicomObject::new_empty();
    let item = |step: &str, procedure: &str| {
        let mut item = InMemDicomObject::new_empty();
        put(&mut item, tags::SCHEDULED_PROCEDURE_STEP_ID, VR::SH, step);
        put(&mut item, tags::REQUESTED_PROCEDURE_ID, VR::SH, procedure);
        item
    };
    let items = vec![item("S1", "P1"), item("S2", "P2")];
    object.put(DataElement::new(
        tags::REQUEST_ATTRIBUTES_SEQUENCE,
        VR::SQ,
        DataSetSequence::from(items),
    ));
    let fits = |raw: &str| {
        let query = query(Level::Series, raw);
        matches(
            &object,
            &query.keys.iter().collect::<Vec<_>>(),
            Style::default(),
        )
    };
    let path = "RequestAttributesSequence.";
    assert!(fits(&format!("{path}ScheduledProcedureStepID=S2")));
    assert!(fits(&format!(
        "{path}ScheduledProcedureStepID=S2&{path}RequestedProcedureID=P2"
    )));
    assert!(!fits(&format!(
        "{path}ScheduledProcedureStepID=S1&{path}RequestedProcedureID=P2"
    )));
    assert!(!fits(&format!("{path}ScheduledProcedureStepID=S3")));
}

/// An index of what the fixtures show.
fn demo() -> Index {
    let mut index = Index::default();
    for study in [
        dicom_fixtures::ct("chest").slices(3),
        dicom_fixtures::report_measurements(),
    ] {
        for instance in study.instances() {
            let mut spool = Storage::memory().spool();
            spool.write(instance.bytes.clone()).unwrap();
            index.insert(Arc::new(Stored::read(spool.finish().unwrap()).unwrap()));
        }
    }
    index
}

fn told(row: &InMemDicomObject, tag: Tag) -> Option<String> {
    row.get(tag).map(|element| {
        element
            .value()
            .to_multi_str()
            .map(|v| v.join("\\"))
            .unwrap_or_default()
    })
}

#[test]
fn a_study_is_told_with_all_its_attributes_and_counts() {
    let index = demo();
    let rows = index.find(&query(Level::Study, "ModalitiesInStudy=CT"));
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!(
        told(row, tags::NUMBER_OF_STUDY_RELATED_INSTANCES).unwrap(),
        "4"
    );
    assert_eq!(told(row, tags::MODALITIES_IN_STUDY).unwrap(), "CT\\SR");
    assert_eq!(told(row, tags::INSTANCE_AVAILABILITY).unwrap(), "ONLINE");
    for tag in [
        tags::STUDY_DATE,
        tags::STUDY_TIME,
        tags::ACCESSION_NUMBER,
        tags::REFERRING_PHYSICIAN_NAME,
        tags::PATIENT_NAME,
        tags::PATIENT_ID,
        tags::PATIENT_BIRTH_DATE,
        tags::PATIENT_SEX,
        tags::STUDY_INSTANCE_UID,
        tags::STUDY_ID,
        tags::NUMBER_OF_STUDY_RELATED_SERIES,
    ] {
        assert!(row.get(tag).is_some(), "{tag}");
    }
    assert!(row.get(tags::MODALITY).is_none());
}

#[test]
fn what_is_included_comes_from_its_level_or_above() {
    let index = demo();
    let rows = index.find(&query(
        Level::Study,
        "includefield=Modality,StudyDescription,PatientAge",
    ));
    assert!(rows.iter().all(|row| row.get(tags::MODALITY).is_none()));
    assert!(
        rows.iter()
            .all(|row| row.get(tags::STUDY_DESCRIPTION).is_some())
    );
    let study = index.select(&Scope::all())[0].identity().study.clone();
    let named = Query::from_url(
        Level::Series,
        Some(study),
        None,
        "includefield=StudyDescription",
    )
    .unwrap();
    let row = &index.find(&named)[0];
    assert!(row.get(tags::STUDY_DESCRIPTION).is_some());
    assert!(row.get(tags::PATIENT_NAME).is_none());
    let row = &index.find(&query(Level::Instance, "includefield=all&Modality=CT"))[0];
    assert!(row.get(tags::IMAGE_POSITION_PATIENT).is_some());
    assert!(row.get(tags::PATIENT_NAME).is_some());
    assert!(row.get(tags::PIXEL_DATA).is_none());
}

#[test]
fn names_in_other_scripts_are_told_in_utf_8() {
    let mut japanese = object(1, 1, 1);
    put(
        &mut japanese,
        tags::PATIENT_NAME,
        VR::PN,
        "Yamada^Tarou=山田^太郎",
    );
    let mut index = Index::default();
    index.insert(stored(&japanese));
    let rows = index.find(&query(Level::Study, "PatientName=*%E5%A4%AA%E9%83%8E"));
    assert_eq!(
        told(&rows[0], tags::SPECIFIC_CHARACTER_SET).unwrap(),
        "ISO_IR 192"
    );
}

#[test]
fn a_study_under_two_patients_is_one_study_or_two() {
    let with_patient = |instance, id| {
        let mut object = object(1, 1, instance);
        put(&mut object, tags::PATIENT_ID, VR::LO, id);
        stored(&object)
    };
    let mut index = Index::default();
    index.insert(with_patient(1, "A"));
    index.insert(with_patient(2, "B"));
    assert_eq!(index.find(&query(Level::Study, "")).len(), 1);
    assert_eq!(index.patient_of(&uid("1.1")).unwrap(), "A");
    index.insert_apart(with_patient(3, "B"));
    index.insert_apart(with_patient(4, "B"));
    index.insert_apart(with_patient(5, "A"));
    let rows = index.find(&query(Level::Study, "StudyInstanceUID=1.1"));
    let counts: Vec<_> = rows
        .iter()
        .map(|row| {
            let count = told(row, tags::NUMBER_OF_STUDY_RELATED_INSTANCES).unwrap();
            (told(row, tags::PATIENT_ID).unwrap(), count)
        })
        .collect();
    assert_eq!(counts, [("A".into(), "3".into()), ("B".into(), "2".into())]);
    assert_eq!(index.select(&Scope::study(uid("1.1"))).len(), 5);
    assert_eq!(index.find(&query(Level::Patient, "")).len(), 2);
}

#[test]
fn what_is_taken_out_leaves_nothing_behind() {
    let mut index = Index::default();
    for instance in 1..=3 {
        index.insert(stored(&object(1, instance % 2, instance)));
    }
    let again = index.insert(stored(&object(1, 1, 3)));
    assert_eq!(again.unwrap().identity().instance, "1.1.1.3");
    assert_eq!(index.len(), 3);
    for stored in index.select(&Scope::all()) {
        assert!(index.remove(&stored.identity().instance).is_some());
    }
    assert!(index.is_empty());
    for level in [Level::Patient, Level::Study, Level::Series, Level::Instance] {
        assert!(index.find(&query(level, "")).is_empty());
    }
    assert!(index.patient_of(&uid("1.1")).is_none());
}

const MODALITIES: [&str; 3] = ["CT", "MR", "SR"];
const IDS: [&str; 4] = ["A1", "A2", "B1", ""];
const DATES: [&str; 4] = ["20240101", "20240115", "20240201", ""];

/// One instance: its place and the attributes that searches go for, the same within a study or series.
type Made = (u8, u8, u8);

fn make((study, series, instance): Made) -> InMemDicomObject {
    let mut object = object(study, series, instance);
    put(
        &mut object,
        tags::PATIENT_ID,
        VR::LO,
        IDS[usize::from(study) % 4],
    );
    put(
        &mut object,
        tags::STUDY_DATE,
        VR::DA,
        DATES[usize::from(study) % 3 + usize::from(study > 3)],
    );
    put(
        &mut object,
        tags::MODALITY,
        VR::CS,
        MODALITIES[usize::from(study + series) % 3],
    );
    object
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_search_finds_what_looking_at_everything_finds(
        made in prop::collection::vec((0..5_u8, 0..3_u8, 0..3_u8), 1..24),
        removed in prop::collection::vec((0..5_u8, 0..3_u8, 0..3_u8), 0..4),
        id in prop::sample::select(vec!["", "A1", "A*", "?1", "B1", "C"]),
        date in prop::sample::select(vec!["", "20240101", "20240102-", "-20240115", "20240110-20240301"]),
        modality in prop::sample::select(vec!["", "CT", "*R", "SR"]),
        study in prop::sample::select(vec!["", "1.1", "1.1,1.3", "1.9"]),
    ) {
        let mut index = Index::default();
        for &one in &made {
            index.insert(stored(&make(one)));
        }
        for &(a, b, c) in &removed {
            index.remove(&uid(&format!("1.{a}.{b}.{c}")));
        }
        let mut left: Vec<Made> = made.iter().copied().filter(|one| !removed.contains(one)).collect();
        left.sort_unstable();
        left.dedup();
        let raw = format!("PatientID={id}&StudyDate={date}&Modality={modality}&StudyInstanceUID={study}");
        // The oracle: each instance by itself, text against text.
        let wanted = |&(s, e, _): &Made| {
            let (is_id, is_date) = (IDS[usize::from(s) % 4], DATES[usize::from(s) % 3 + usize::from(s > 3)]);
            let is_modality = MODALITIES[usize::from(s + e) % 3];
            let by_id = match id {
                "" => true,
                "A*" => is_id.starts_with('A'),
                "?1" => is_id.len() == 2 && is_id.ends_with('1'),
                exact => is_id == exact,
            };
            let by_date = match date.split_once('-') {
                None => date.is_empty() || is_date == date,
                Some((from, to)) => !is_date.is_empty() && is_date >= from && (to.is_empty() || is_date <= to),
            };
            let by_modality = match modality {
                "" => true,
                "*R" => is_modality.ends_with('R'),
                exact => is_modality == exact,
            };
            let by_study = study.is_empty() || study.split(',').any(|uid| uid == format!("1.{s}"));
            by_id && by_date && by_modality && by_study
        };
        let found: Vec<&Made> = left.iter().filter(|one| wanted(one)).collect();
        let distinct = |key: &dyn Fn(&Made) -> String| {
            let mut all: Vec<String> = found.iter().map(|one| key(one)).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let levels = [
            (Level::Study, tags::STUDY_INSTANCE_UID, distinct(&|(s, ..)| format!("1.{s}"))),
            (Level::Series, tags::SERIES_INSTANCE_UID, distinct(&|(s, e, _)| format!("1.{s}.{e}"))),
            (Level::Instance, tags::SOP_INSTANCE_UID, distinct(&|(s, e, i)| format!("1.{s}.{e}.{i}"))),
        ];
        for (level, tag, expected) in levels {
            let search = query(level, &raw);
            let mut rows: Vec<String> = index.find(&search).iter().map(|row| told(row, tag).unwrap()).collect();
            rows.sort_unstable();
            prop_assert_eq!(&rows, &expected);
            // The same question over the other protocol.
            let identifier = Query::from_identifier(&search.to_identifier()).unwrap();
            let mut rows: Vec<String> = index.find(&identifier).iter().map(|row| told(row, tag).unwrap()).collect();
            rows.sort_unstable();
            prop_assert_eq!(&rows, &expected);
        }
        let counted = index.find(&query(Level::Study, ""));
        for row in &counted {
            let study = told(row, tags::STUDY_INSTANCE_UID).unwrap();
            let real = left.iter().filter(|(s, ..)| study == format!("1.{s}")).count();
            prop_assert_eq!(told(row, tags::NUMBER_OF_STUDY_RELATED_INSTANCES).unwrap(), real.to_string());
        }
        prop_assert_eq!(index.len(), left.len());
    }
}

const NAMES: [&str; 7] = [
    "DOE^JOHN",
    "Doe^Jane=山田^花子",
    "ROE",
    "doe",
    "",
    "D=OE=",
    "Müller^Jürgen^^",
];
const DAYS: [&str; 6] = ["20240101", "20240131", "2024.01.31", "2024", "", "20231231"];
const NUMBERS: [&str; 5] = ["A1", "A*1", "a1", "", "AB1"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_filed_by_its_value_is_found_as_if_all_was_looked_at(
        made in prop::collection::vec((0..7_usize, 0..6_usize, 0..5_usize), 1..12),
        removed in prop::collection::vec(0..12_u8, 0..4),
        name in prop::sample::select(vec!["", "DOE*", "doe^j*", "*o*", "?OE", "*", "Doe^Jane", "山田^花子", "=山田*", "ROE^", "m%C3%BCller^j%C3%BCrgen", "D", "oe", "x*"]),
        date in prop::sample::select(vec!["", "20240131", "20240101-20240131", "-20240101", "20240131-", "20250101-", "20240201-20240101"]),
        time in prop::sample::select(vec!["", "1200-", "-1300", "10-11"]),
        number in prop::sample::select(vec!["", "A1", "A*", "A?1", "*1", "A1,AB1", "Z"]),
        fuzzy in prop::bool::ANY,
        combined in prop::bool::ANY,
    ) {
        let mut index = Index::default();
        let mut left = Vec::new();
        for (study, &(name, day, number)) in made.iter().enumerate() {
            // Two instances each: the second speaks for the study when the first is gone.
            for instance in 0..2 {
                let mut object = object(study as u8, 1, instance);
                put(&mut object, tags::PATIENT_NAME, VR::PN, NAMES[name]);
                put(&mut object, tags::STUDY_DATE, VR::DA, DAYS[day]);
                put(&mut object, tags::STUDY_TIME, VR::TM, "1230");
                put(&mut object, tags::ACCESSION_NUMBER, VR::SH, NUMBERS[number]);
                index.insert(stored(&object));
            }
            left.push(object(study as u8, 1, 0));
            let last = left.last_mut().unwrap();
            put(last, tags::PATIENT_NAME, VR::PN, NAMES[name]);
            put(last, tags::STUDY_DATE, VR::DA, DAYS[day]);
            put(last, tags::STUDY_TIME, VR::TM, "1230");
            put(last, tags::ACCESSION_NUMBER, VR::SH, NUMBERS[number]);
        }
        for &study in &removed {
            index.remove(&uid(&format!("1.{study}.1.0")));
        }
        let raw = format!("PatientName={name}&StudyDate={date}&StudyTime={time}&AccessionNumber={number}&multiplevaluematching=true");
        let mut search = query(Level::Study, &raw);
        (search.fuzzy, search.combined) = (fuzzy, combined);
        let keys: Vec<&Key> = search.keys.iter().collect();
        let told = |row: &InMemDicomObject| told(row, tags::STUDY_INSTANCE_UID);
        let expected: Vec<_> = left.iter().filter(|one| matches(one, &keys, Style { fuzzy, combined, ..Style::default() })).map(told).collect();
        let found: Vec<_> = index.find(&search).iter().map(told).collect();
        prop_assert_eq!(found, expected);
    }
}
