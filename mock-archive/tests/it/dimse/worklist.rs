//! C-FIND of the modality worklist (PS3.4 K).

use bytes::Bytes;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{Patient, ct, mr, pdf};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::Policy;
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries;
use dicom_wire::dimse::{Command, FindRequest, Priority, Status};

use super::peer::*;

const WORKLIST: &str = "1.2.840.10008.5.1.4.31";
const STEP: Tag = tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE;
const DATE: Tag = tags::SCHEDULED_PROCEDURE_STEP_START_DATE;
const TIME: Tag = tags::SCHEDULED_PROCEDURE_STEP_START_TIME;
const STATION: Tag = tags::SCHEDULED_STATION_AE_TITLE;

/// Tags, their VR and value.
type Keys<'a> = &'a [(Tag, VR, &'a str)];

fn filled(keys: Keys<'_>) -> InMemDicomObject {
    InMemDicomObject::from_element_iter(keys.iter().map(|&(tag, vr, text)| {
        let value = match text {
            "" => PrimitiveValue::Empty,
            text => PrimitiveValue::from(text),
        };
        DataElement::new(tag, vr, value)
    }))
}

/// An object with these attributes and steps.
fn with_steps(whole: Keys<'_>, steps: &[Keys<'_>]) -> InMemDicomObject {
    let mut object = filled(whole);
    let steps: Vec<_> = steps.iter().map(|step| filled(step)).collect();
    let steps = DataSetSequence::new(steps, Length::UNDEFINED);
    object.put(DataElement::new(STEP, VR::SQ, steps));
    object
}

fn bytes_of(object: &InMemDicomObject) -> Bytes {
    let mut bytes = Vec::new();
    object
        .write_dataset_with_ts(&mut bytes, &entries::EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .unwrap();
    bytes.into()
}

/// The matches with their status; it has to end in success.
async fn asked(archive: &MockArchive, keys: &InMemDicomObject) -> Vec<(Status, InMemDicomObject)> {
    let request = with_contexts(vec![context(1, WORKLIST, &[EXPLICIT])]);
    let (mut peer, _) = Peer::associate(archive, request).await;
    let find = FindRequest {
        message_id: 5,
        sop_class: uid(WORKLIST),
        priority: Priority::Medium,
    };
    peer.say(1, find, Some(bytes_of(keys)), 0).await;
    let mut found = Vec::new();
    loop {
        let (Command::FindRsp(response), data_set) = peer.message().await else {
            panic!()
        };
        assert_eq!(response.sop_class, Some(uid(WORKLIST)));
        match data_set {
            Some(bytes) => found.push((response.outcome.status, object(&bytes))),
            None => {
                assert_eq!(response.outcome.status, Status::SUCCESS);
                peer.release().await;
                return found;
            }
        }
    }
}

async fn ids(archive: &MockArchive, whole: Keys<'_>, step: Keys<'_>) -> Vec<String> {
    let mut keys = with_steps(whole, &[step]);
    if keys.get(tags::PATIENT_ID).is_none() {
        keys.put(DataElement::new(
            tags::PATIENT_ID,
            VR::LO,
            PrimitiveValue::Empty,
        ));
    }
    let found = asked(archive, &keys).await;
    let id = |(_, item): &(Status, InMemDicomObject)| text(item, tags::PATIENT_ID).unwrap();
    found.iter().map(id).collect()
}

fn step(item: &InMemDicomObject) -> &InMemDicomObject {
    let [step] = item.element(STEP).unwrap().items().unwrap() else {
        panic!("not one step in {item:?}")
    };
    step
}

/// Four patients: CT in the morning and the evening, MR the day after, and one of unknown date.
async fn scheduled() -> MockArchive {
    let archive = MockArchive::start().await;
    for (id, name, modality, station, date, time) in [
        ("A", "Ash^Anna", "CT", "CT1", "20250705", "090000"),
        ("B", "Birch^Bert", "CT", "CT2", "20250705", "190000"),
        ("C", "Cedar^Carl", "MR", "MR1", "20250706", "083000"),
        ("D", "Date^Less", "MR", "MR1", "", ""),
    ] {
        archive.archive().schedule(&with_steps(
            &[
                (tags::PATIENT_NAME, VR::PN, name),
                (tags::PATIENT_ID, VR::LO, id),
                (tags::ACCESSION_NUMBER, VR::SH, &format!("ACC-{id}")),
            ],
            &[&[
                (tags::MODALITY, VR::CS, modality),
                (STATION, VR::AE, station),
                (DATE, VR::DA, date),
                (TIME, VR::TM, time),
                (tags::SCHEDULED_PROCEDURE_STEP_ID, VR::SH, "S1"),
            ]],
        ));
    }
    archive
}

#[tokio::test]
async fn a_name_comes_back_whatever_character_set_it_was_scheduled_in() {
    let archive = MockArchive::start().await;
    let name = "Yamada^Tarou=山田^太郎=やまだ^たろう";
    archive.archive().schedule(&with_steps(
        &[
            (tags::SPECIFIC_CHARACTER_SET, VR::CS, "\\ISO 2022 IR 87"),
            (tags::PATIENT_NAME, VR::PN, name),
        ],
        &[&[(tags::MODALITY, VR::CS, "CT")]],
    ));

    let found = asked(
        &archive,
        &with_steps(&[(tags::PATIENT_NAME, VR::PN, "")], &[]),
    )
    .await;

    let [(_, item)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(text(item, tags::PATIENT_NAME).as_deref(), Some(name));
    assert_eq!(
        text(item, tags::SPECIFIC_CHARACTER_SET).as_deref(),
        Some("ISO_IR 192")
    );
}

#[tokio::test]
async fn steps_are_found_by_their_keys() {
    let archive = scheduled().await;
    let cases: [(Keys<'_>, Keys<'_>, &[&str]); 11] = [
        (&[], &[], &["A", "B", "C", "D"]),
        (&[], &[(tags::MODALITY, VR::CS, "CT")], &["A", "B"]),
        (&[], &[(STATION, VR::AE, "MR1")], &["C", "D"]),
        (
            &[],
            &[(tags::MODALITY, VR::CS, "CT"), (STATION, VR::AE, "CT2")],
            &["B"],
        ),
        (&[], &[(DATE, VR::DA, "20250705")], &["A", "B"]),
        (&[], &[(DATE, VR::DA, "20250101-")], &["A", "B", "C"]),
        (&[], &[(DATE, VR::DA, "-20250705")], &["A", "B"]),
        // One interval, from the evening to the next morning.
        (
            &[],
            &[
                (DATE, VR::DA, "20250705-20250706"),
                (TIME, VR::TM, "1800-0900"),
            ],
            &["B", "C"],
        ),
        (&[(tags::PATIENT_NAME, VR::PN, "ash*")], &[], &["A"]),
        (&[(tags::PATIENT_ID, VR::LO, "C")], &[], &["C"]),
        (
            &[(tags::ACCESSION_NUMBER, VR::SH, "ACC-B")],
            &[(tags::MODALITY, VR::CS, "MR")],
            &[],
        ),
    ];
    for (whole, step, expected) in cases {
        assert_eq!(
            ids(&archive, whole, step).await,
            expected,
            "{whole:?} {step:?}"
        );
    }
}

#[tokio::test]
async fn a_match_holds_what_was_asked_in_one_step() {
    let archive = scheduled().await;
    let keys = with_steps(
        &[
            (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
            (tags::PATIENT_ID, VR::LO, "A"),
            (tags::PATIENT_WEIGHT, VR::DS, ""),
        ],
        &[&[(tags::MODALITY, VR::CS, ""), (STATION, VR::AE, "")]],
    );
    let found = asked(&archive, &keys).await;
    let [(Status::PENDING, item)] = &found[..] else {
        panic!("{found:?}")
    };
    let tags_of: Vec<_> = item.tags().collect();
    assert_eq!(tags_of, [tags::PATIENT_ID, tags::PATIENT_WEIGHT, STEP]);
    assert!(
        item.element(tags::PATIENT_WEIGHT)
            .unwrap()
            .value()
            .to_str()
            .unwrap()
            .is_empty()
    );
    let step = step(item);
    assert_eq!(step.tags().collect::<Vec<_>>(), [tags::MODALITY, STATION]);
    assert_eq!(text(step, STATION).unwrap(), "CT1");

    let unknown = with_steps(
        &[
            (tags::PATIENT_ID, VR::LO, "A"),
            (Tag(0x0009, 0x1001), VR::LO, "PRIVATE"),
        ],
        &[&[]],
    );
    let found = asked(&archive, &unknown).await;
    assert_eq!(found[0].0, Status::PENDING_UNSUPPORTED_KEYS);
}

#[tokio::test]
async fn each_step_of_a_procedure_is_a_match_of_its_own() {
    let archive = MockArchive::start().await;
    let steps: [Keys<'_>; 2] = [
        &[(tags::MODALITY, VR::CS, "CT")],
        &[(tags::MODALITY, VR::CS, "MR")],
    ];
    let item = with_steps(&[(tags::PATIENT_ID, VR::LO, "A")], &steps);
    archive.archive().schedule(&item);
    assert_eq!(ids(&archive, &[], &[]).await, ["A", "A"]);
    let by_modality: Keys<'_> = &[(tags::MODALITY, VR::CS, "MR")];
    assert_eq!(ids(&archive, &[], by_modality).await, ["A"]);
}

#[tokio::test]
async fn the_limit_of_searches_holds_for_the_worklist_too() {
    let policy = Policy {
        max_limit: Some(2),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    for id in ["A", "B", "C"] {
        let item = with_steps(
            &[(tags::PATIENT_ID, VR::LO, id)],
            &[&[(tags::MODALITY, VR::CS, "CT")]],
        );
        archive.archive().schedule(&item);
    }

    assert_eq!(ids(&archive, &[], &[]).await, ["A", "B"]);
}

#[tokio::test]
async fn patients_with_pictures_have_procedures_with_every_type_1_key() {
    let other = Patient::new("OTHER", "Doe^Other");
    let studies = [
        ct("chest").size(32).slices(2),
        mr("brain").size(32).slices(1).with_patient(&other),
        pdf().with_patient(&Patient::new("PDF", "Doe^Paper")),
    ];
    let archive = holding(MockArchive::builder(), &studies.each_ref()).await;
    archive.archive().schedule_follow_ups();
    let keys = with_steps(
        &[
            (tags::PATIENT_NAME, VR::PN, ""),
            (tags::PATIENT_ID, VR::LO, ""),
            (tags::STUDY_INSTANCE_UID, VR::UI, ""),
            (tags::REQUESTED_PROCEDURE_ID, VR::SH, ""),
            (tags::REQUESTED_PROCEDURE_DESCRIPTION, VR::LO, ""),
        ],
        &[&[
            (tags::MODALITY, VR::CS, ""),
            (STATION, VR::AE, ""),
            (DATE, VR::DA, ""),
            (TIME, VR::TM, ""),
            (tags::SCHEDULED_PROCEDURE_STEP_ID, VR::SH, ""),
            (tags::SCHEDULED_PROCEDURE_STEP_DESCRIPTION, VR::LO, ""),
        ]],
    );
    let found = asked(&archive, &keys).await;
    let stations: Vec<_> = found
        .iter()
        .map(|(_, item)| text(step(item), STATION).unwrap())
        .collect();
    assert_eq!(stations, ["CT1", "MR1"]);
    for (status, item) in &found {
        assert_eq!(*status, Status::PENDING);
        let whole = item.iter().filter(|element| element.vr() != VR::SQ);
        for element in whole.chain(step(item)) {
            assert!(!element.to_str().unwrap().is_empty(), "{element:?}");
        }
    }
    let told = archive.journal().to_string();
    assert!(told.contains("C-FIND from PEER"), "{told}");
    assert!(!told.to_uppercase().contains("DOE"), "{told}");
}

#[tokio::test]
async fn items_come_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, object: InMemDicomObject| {
        let meta = FileMetaTableBuilder::new()
            .media_storage_sop_class_uid(WORKLIST)
            .media_storage_sop_instance_uid("1.2.3")
            .transfer_syntax(EXPLICIT);
        let path = folder.path().join(name);
        object
            .with_meta(meta)
            .unwrap()
            .write_to_file(&path)
            .unwrap();
        path
    };
    let by_modality: Keys<'_> = &[(tags::MODALITY, VR::CS, "CT")];
    let item = with_steps(&[(tags::PATIENT_ID, VR::LO, "FILE")], &[by_modality]);
    let archive = MockArchive::start().await;

    archive.schedule_file(&write("one.wl", item)).unwrap();
    let none = filled(&[(tags::PATIENT_ID, VR::LO, "NONE")]);
    let refused = archive.schedule_file(&write("none.wl", none)).unwrap_err();

    assert!(refused.to_string().contains("Scheduled Procedure Step"));
    assert_eq!(ids(&archive, &[], by_modality).await, ["FILE"]);
}
