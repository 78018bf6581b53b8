//! Instances that are changed on their way in: in their bytes, in every encoding, told with a warning and with what was there before.

use std::collections::BTreeMap;

use bytes::Bytes;
use dicom_core::Tag;
use dicom_core::value::Value;
use dicom_dictionary_std::tags;
use dicom_fixtures::{Study, TransferSyntax};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{PatientConflict, Policy};
use dicom_mock_archive::request::{Request, Scope, Service};
use dicom_object::{DefaultDicomObject, InMemDicomObject};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::Status;
use dicom_wire::stow::WarningReason;

use crate::dimse::peer::{Peer, for_storing};
use crate::support::stow;

async fn archive(policy: Policy) -> MockArchive {
    MockArchive::builder().policy(policy).start().await.unwrap()
}

fn coercing(values: &[(Tag, &str)]) -> Policy {
    let values = values
        .iter()
        .map(|(tag, value)| (*tag, (*value).to_owned()));
    Policy {
        coerce: values.collect(),
        ..Policy::default()
    }
}

/// An instance as it is kept.
fn kept(archive: &MockArchive, study: &Study, number: usize) -> Bytes {
    let title = |text| AeTitle::parse(text).unwrap();
    let request = Request::dimse(Service::Retrieve, "C-GET", title("TEST"), title("MOCK"));
    let exchange = archive.archive().exchange(request);
    let all = archive.archive().select(&exchange, &Scope::all());
    let uid = &study.instances()[number].sop_instance;
    let stored = all
        .iter()
        .find(|stored| stored.identity().instance == *uid)
        .unwrap();
    let chunks = stored.chunks(0..stored.len()).unwrap();
    chunks.flat_map(Result::unwrap).collect()
}

fn read(archive: &MockArchive, study: &Study, number: usize) -> DefaultDicomObject {
    dicom_object::from_reader(&kept(archive, study, number)[..]).unwrap()
}

fn text(object: &InMemDicomObject, tag: Tag) -> Option<String> {
    let element = object.get(tag)?;
    Some(
        element
            .to_str()
            .unwrap()
            .trim_matches(['\0', ' '])
            .to_owned(),
    )
}

fn items(object: &InMemDicomObject, tag: Tag) -> &[InMemDicomObject] {
    match object.get(tag).map(|element| element.value()) {
        Some(Value::Sequence(sequence)) => sequence.items(),
        other => panic!("{other:?}"),
    }
}

const SYNTAXES: [TransferSyntax; 5] = [
    TransferSyntax::ImplicitLittle,
    TransferSyntax::ExplicitLittle,
    TransferSyntax::ExplicitBig,
    TransferSyntax::Deflated,
    TransferSyntax::Rle,
];

#[tokio::test]
async fn in_every_encoding_the_value_is_changed_and_the_previous_one_kept() {
    for syntax in SYNTAXES {
        let sent = dicom_fixtures::ct("chest")
            .size(32)
            .slices(2)
            .encode(syntax);
        let was = sent.instances()[0].object();
        let archive = archive(coercing(&[
            (tags::ACCESSION_NUMBER, "A-1"),
            (tags::BODY_PART_THICKNESS, "12"),
        ]))
        .await;

        let (status, account) = stow(&archive, &sent.instances()[..1]).await;
        let asked = for_storing(sent.instances(), &[]);
        let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;
        let response = peer.store(&asked, &sent.instances()[1]).await;
        peer.release().await;

        assert_eq!(status, 202, "{syntax:?}");
        assert_eq!(account.referenced[0].warning, Some(WarningReason::COERCION));
        assert_eq!(response.outcome.status, Status(0xB000));
        for number in [0, 1] {
            let object = read(&archive, &sent, number);
            assert_eq!(
                text(&object, tags::ACCESSION_NUMBER).as_deref(),
                Some("A-1"),
                "{syntax:?}"
            );
            assert_eq!(
                text(&object, tags::BODY_PART_THICKNESS).as_deref(),
                Some("12")
            );
            let [history] = items(&object, tags::ORIGINAL_ATTRIBUTES_SEQUENCE) else {
                panic!("{syntax:?}: not one item");
            };
            assert_eq!(
                text(history, tags::MODIFYING_SYSTEM).as_deref(),
                Some("MOCK")
            );
            assert_eq!(
                text(history, tags::REASON_FOR_THE_ATTRIBUTE_MODIFICATION).as_deref(),
                Some("COERCE")
            );
            assert_eq!(
                text(history, tags::ATTRIBUTE_MODIFICATION_DATE_TIME)
                    .unwrap()
                    .len(),
                19
            );
            let source = ["", "PEER"][number];
            assert_eq!(
                text(history, tags::SOURCE_OF_PREVIOUS_VALUES).as_deref(),
                Some(source)
            );
            let [before] = items(history, tags::MODIFIED_ATTRIBUTES_SEQUENCE) else {
                panic!("{syntax:?}: not one item of previous values");
            };
            assert_eq!(
                text(before, tags::ACCESSION_NUMBER),
                text(&was, tags::ACCESSION_NUMBER)
            );
            assert_eq!(text(before, tags::BODY_PART_THICKNESS).as_deref(), Some(""));
        }
        // Nothing else has changed.
        let mut object = read(&archive, &sent, 0);
        let mut was = was;
        for tag in [
            tags::ACCESSION_NUMBER,
            tags::BODY_PART_THICKNESS,
            tags::ORIGINAL_ATTRIBUTES_SEQUENCE,
        ] {
            object.remove_element(tag);
            was.remove_element(tag);
        }
        let other: Vec<Tag> = object
            .iter()
            .zip(was.iter())
            .filter(|(one, other)| match (one.fragments(), other.fragments()) {
                (Some(one), Some(other)) => one != other,
                _ => one != other,
            })
            .map(|(one, _)| one.header().tag)
            .collect();
        assert_eq!(other, [], "{syntax:?}");
        assert_eq!(object.iter().count(), was.iter().count());
        assert_eq!(
            object.meta().transfer_syntax(),
            was.meta().transfer_syntax()
        );
    }
}

#[tokio::test]
async fn what_is_as_policy_wants_it_is_not_touched() {
    let sent = dicom_fixtures::ct("chest").size(32).slices(1);
    let own = text(&sent.instances()[0].object(), tags::PATIENT_ID).unwrap();
    let archive = archive(coercing(&[(tags::PATIENT_ID, &own)])).await;

    let (status, account) = stow(&archive, sent.instances()).await;

    assert_eq!((status, account.referenced[0].warning), (200, None));
    let bytes = kept(&archive, &sent, 0);
    assert!(bytes == sent.instances()[0].bytes);
}

#[tokio::test]
async fn a_second_change_adds_an_item_and_keeps_the_first() {
    for syntax in SYNTAXES {
        let sent = dicom_fixtures::ct("chest")
            .size(32)
            .slices(1)
            .encode(syntax);
        let first = archive(coercing(&[(tags::ACCESSION_NUMBER, "A-1")])).await;
        stow(&first, sent.instances()).await;
        let instance = &sent.instances()[0];
        let second = archive(coercing(&[(tags::ACCESSION_NUMBER, "A-2")])).await;
        let mut again = instance.clone();
        again.bytes = kept(&first, &sent, 0);

        stow(&second, [&again]).await;

        let object = read(&second, &sent, 0);
        assert_eq!(
            text(&object, tags::ACCESSION_NUMBER).as_deref(),
            Some("A-2")
        );
        let before: Vec<_> = items(&object, tags::ORIGINAL_ATTRIBUTES_SEQUENCE)
            .iter()
            .map(|item| {
                text(
                    &items(item, tags::MODIFIED_ATTRIBUTES_SEQUENCE)[0],
                    tags::ACCESSION_NUMBER,
                )
            })
            .collect();
        let own = text(&instance.object(), tags::ACCESSION_NUMBER);
        assert_eq!(before, [own, Some("A-1".to_owned())], "{syntax:?}");
    }
}

#[tokio::test]
async fn an_instance_of_another_patient_becomes_one_of_the_patient_of_its_study() {
    let (one, other) = dicom_fixtures::conflict();
    for syntax in SYNTAXES {
        let other = other.clone().encode(syntax);
        let policy = Policy {
            patient_conflict: PatientConflict::Coerce,
            ..Policy::default()
        };
        let archive = archive(policy).await;
        stow(&archive, one.instances()).await;

        let (status, account) = stow(&archive, &other.instances()[..1]).await;

        assert_eq!(status, 202);
        assert_eq!(account.referenced[0].warning, Some(WarningReason::COERCION));
        let (was, theirs) = (other.instances()[0].object(), one.instances()[0].object());
        let object = read(&archive, &other, 0);
        let history = items(&object, tags::ORIGINAL_ATTRIBUTES_SEQUENCE);
        let before = &items(&history[0], tags::MODIFIED_ATTRIBUTES_SEQUENCE)[0];
        let mut changed = BTreeMap::new();
        for tag in [
            tags::PATIENT_ID,
            tags::PATIENT_NAME,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
        ] {
            assert_eq!(text(&object, tag), text(&theirs, tag), "{syntax:?}");
            if text(&was, tag) != text(&theirs, tag) {
                changed.insert(tag, text(&was, tag));
            }
        }
        assert!(changed.contains_key(&tags::PATIENT_ID));
        let kept: BTreeMap<_, _> = before
            .iter()
            .map(|element| (element.header().tag, text(before, element.header().tag)))
            .collect();
        assert_eq!(kept, changed, "{syntax:?}");
    }
}
