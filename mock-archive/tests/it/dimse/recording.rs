//! Associations recorded and answered from the recording.

use std::net::SocketAddr;

use bytes::Bytes;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{Study, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::recording::dimse::{Opened, Operation};
use dicom_mock_archive::recording::mask::Mask;
use dicom_mock_archive::recording::{Ending, Passed, Recorder, Recording, Relay, Settings};
use dicom_mock_archive::rule::Rule;
use dicom_ul::pdu::{AssociationRQ, Pdu, RequestorRoles, UserVariableItem};
use dicom_wire::dimse::{
    Command, EchoRequest, FindRequest, GetRequest, Outcome, Priority, Status, StoreResponse,
};
use tempfile::TempDir;

use super::peer::*;

/// An archive with one study, and a recorder in front of it.
struct Recorded {
    archive: MockArchive,
    recorder: Recorder,
    folder: TempDir,
    study: Study,
}

impl Recorded {
    async fn start(mask: Option<Mask>) -> Self {
        let study = ct("chest").size(16).slices(3);
        let archive = holding(MockArchive::builder(), &[&study]).await;
        let folder = TempDir::new().unwrap();
        let recorder = Recorder::start(Settings {
            web: None,
            dimse: Some(Relay {
                listen: ([127, 0, 0, 1], 0).into(),
                upstream: archive.dimse_addr().to_string(),
            }),
            out: folder.path().join("recording"),
            mask,
            max_body: 1 << 20,
            roots: None,
        });
        Self {
            recorder: recorder.await.unwrap(),
            archive,
            folder,
            study,
        }
    }

    fn addr(&self) -> SocketAddr {
        self.recorder.dimse_addr().unwrap()
    }

    /// Ends the recorder; gives what it wrote and the study.
    fn read(self) -> (Recording, Study) {
        drop(self.recorder);
        let recording = Recording::read(&self.folder.path().join("recording")).unwrap();
        (recording, self.study)
    }
}

async fn replayed(recording: Recording, mask: Option<Mask>) -> MockArchive {
    MockArchive::builder()
        .replay(recording, mask)
        .start()
        .await
        .unwrap()
}

async fn associate(to: SocketAddr, request: AssociationRQ) -> Peer {
    let mut peer = Peer::connect(to).await;
    peer.send(&bytes_of(request)).await;
    match peer.answer().await {
        Answer::Pdu(Pdu::AssociationAC(_)) => peer,
        other => panic!("not accepted: {other:?}"),
    }
}

fn studies(more: &[(Tag, VR, &str)]) -> Bytes {
    let keys = [
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::PATIENT_NAME, VR::PN, ""),
        (tags::PATIENT_ID, VR::LO, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
    ];
    let asked = |key: &&(Tag, VR, &str)| more.iter().all(|(tag, _, _)| *tag != key.0);
    let mut all: Vec<_> = keys.iter().filter(asked).copied().collect();
    all.extend_from_slice(more);
    all.sort_by_key(|(tag, _, _)| *tag);
    identifier(&all)
}

/// What comes back to a C-FIND: statuses with their identifiers.
async fn find(to: SocketAddr, message_id: u16, asked: Bytes) -> Vec<(Outcome, Option<Bytes>)> {
    let request = with_contexts(vec![context(1, STUDY_FIND, &[EXPLICIT])]);
    let mut peer = associate(to, request).await;
    let find = FindRequest {
        message_id,
        sop_class: uid(STUDY_FIND),
        priority: Priority::Medium,
    };
    peer.say(1, find, Some(asked), 0).await;
    let mut came = Vec::new();
    loop {
        let (Command::FindRsp(response), data_set) = peer.message().await else {
            panic!()
        };
        assert_eq!(response.message_id, message_id);
        let is_last = data_set.is_none();
        came.push((response.outcome, data_set));
        if is_last {
            peer.release().await;
            return came;
        }
    }
}

/// The data sets that a C-GET brings, and the final status with its counts.
async fn get(to: SocketAddr, study: &Study) -> (Vec<Bytes>, Command) {
    let class = &study.instances()[0].sop_class;
    let mut request = with_contexts(vec![
        context(1, STUDY_GET, &[IMPLICIT]),
        context(3, class.as_str(), &[EXPLICIT]),
    ]);
    let roles = UserVariableItem::ScuScpRoleSelectionSubItem(
        class.to_string(),
        RequestorRoles {
            scu: false,
            scp: true,
        },
    );
    request.user_variables.push(roles);
    let mut peer = associate(to, request).await;
    let asked = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, study.study_uid()),
    ]);
    let asked = recoded(&asked);
    let get = GetRequest {
        message_id: 3,
        sop_class: uid(STUDY_GET),
        priority: Priority::Medium,
    };
    peer.say(1, get, Some(asked), 0).await;
    let mut came = Vec::new();
    loop {
        match peer.message().await {
            (Command::StoreRq(store), Some(data_set)) => {
                came.push(data_set);
                let response = StoreResponse {
                    message_id: store.message_id,
                    sop_class: Some(store.sop_class),
                    sop_instance: Some(store.sop_instance),
                    outcome: Status::SUCCESS.into(),
                };
                peer.say(3, response, None, 0).await;
            }
            (Command::GetRsp(response), _) if response.outcome.status == Status::PENDING => {}
            (last @ Command::GetRsp(_), _) => {
                peer.release().await;
                return (came, last);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Implicit VR for explicit.
fn recoded(explicit: &Bytes) -> Bytes {
    let mut bytes = Vec::new();
    let syntax = dicom_transfer_syntax_registry::entries::IMPLICIT_VR_LITTLE_ENDIAN.erased();
    object(explicit)
        .write_dataset_with_ts(&mut bytes, &syntax)
        .unwrap();
    bytes.into()
}

#[tokio::test]
async fn a_client_of_the_recording_hears_what_a_client_of_the_archive_heard() {
    let recorded = Recorded::start(None).await;
    let asked = studies(&[(tags::STUDY_DATE, VR::DA, "19000101-")]);
    let found = find(recorded.addr(), 7, asked.clone()).await;
    let refused = find(
        recorded.addr(),
        8,
        identifier(&[(tags::PATIENT_NAME, VR::PN, "")]),
    )
    .await;
    let (brought, counted) = get(recorded.addr(), &recorded.study).await;
    let mut peer = associate(recorded.addr(), request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
    peer.release().await;
    assert!(found.len() == 2 && brought.len() == 3);

    let (recording, study) = recorded.read();
    let replay = replayed(recording, None).await;

    assert!(replay.stored().is_empty());
    assert_eq!(find(replay.dimse_addr(), 1, asked).await, found);
    let without_level = identifier(&[(tags::PATIENT_NAME, VR::PN, "")]);
    assert_eq!(find(replay.dimse_addr(), 2, without_level).await, refused);
    assert_eq!(get(replay.dimse_addr(), &study).await, (brought, counted));
    let (mut peer, _) = Peer::associate(&replay, request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn what_was_not_asked_is_not_made_up() {
    let recorded = Recorded::start(None).await;
    find(recorded.addr(), 7, studies(&[])).await;
    let replay = replayed(recorded.read().0, None).await;

    let came = find(
        replay.dimse_addr(),
        1,
        studies(&[(tags::PATIENT_ID, VR::LO, "X")]),
    )
    .await;

    let [(outcome, None)] = &came[..] else {
        panic!("{came:?}")
    };
    assert_eq!(outcome.status, Status::PROCESSING_FAILURE);
    assert_eq!(
        outcome.comment.as_deref(),
        Some("the recording has no answer to this")
    );
    assert!(
        replay
            .journal()
            .to_string()
            .contains("the recording has no answer to this")
    );
}

#[tokio::test]
async fn patients_are_replaced_in_identifiers_instances_and_commands() {
    let recorded = Recorded::start(Some(Mask::with_key("a secret"))).await;
    let study = &recorded.study;
    let object = study.instances()[0].object();
    let value = |name: &str| {
        object
            .element_by_name(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_string()
    };
    let secrets = [
        value("PatientID"),
        value("PatientName"),
        study.study_uid().to_string(),
        study.instances()[1].sop_instance.to_string(),
    ];
    let by_id = studies(&[(tags::PATIENT_ID, VR::LO, &secrets[0])]);
    let found = find(recorded.addr(), 7, by_id.clone()).await;
    get(recorded.addr(), study).await;

    let (recording, _) = recorded.read();

    for operation in operations(&recording) {
        let messages = std::iter::once(&operation.request).chain(&operation.answers);
        for message in messages {
            let data = message.data_set.as_ref().map(|body| match body.kept() {
                dicom_mock_archive::recording::Kept::Whole(bytes) => bytes,
                other @ dicom_mock_archive::recording::Kept::Nothing(_) => panic!("{other:?}"),
            });
            let command = match message.command.kept() {
                dicom_mock_archive::recording::Kept::Whole(bytes) => bytes,
                other @ dicom_mock_archive::recording::Kept::Nothing(_) => panic!("{other:?}"),
            };
            for secret in &secrets {
                for bytes in [data.as_ref(), Some(&command)].into_iter().flatten() {
                    let there = memchr::memmem::find(bytes, secret.as_bytes());
                    assert!(there.is_none(), "{secret} is in a {}", message.is);
                }
            }
        }
    }
    // Who knows the key may ask for the patient by name.
    let replay = replayed(recording, Some(Mask::with_key("a secret"))).await;
    let again = find(replay.dimse_addr(), 1, by_id).await;
    assert_eq!(again.len(), found.len());
    assert_eq!(again.last().unwrap().0.status, Status::SUCCESS);
}

#[tokio::test]
async fn rejections_and_broken_operations_happen_again() {
    let recorded = Recorded::start(None).await;
    recorded
        .archive
        .inject(Rule::parse("reject-association:once").unwrap());
    let mut peer = Peer::connect(recorded.addr()).await;
    peer.send(&bytes_of(request())).await;
    let Answer::Pdu(Pdu::AssociationRJ(rejected)) = peer.answer().await else {
        panic!("not rejected")
    };
    let mut peer = associate(recorded.addr(), request()).await;
    recorded
        .archive
        .inject(Rule::parse("cut-body:after=0:once").unwrap());
    peer.say(1, EchoRequest::new(1), None, 0).await;
    assert!(peer.message_or_end().await.is_err());

    let (recording, _) = recorded.read();

    assert!(matches!(
        &recording.exchanges[0].passed,
        Passed::Association(one) if matches!(one.outcome, Opened::Rejected { .. })
    ));
    assert_eq!(operations(&recording)[0].ending, Ending::Cut);
    let replay = replayed(recording, None).await;
    let (_, again) = Peer::ask(&replay, request()).await;
    let Answer::Pdu(Pdu::AssociationRJ(again)) = again else {
        panic!("not rejected again")
    };
    assert_eq!(again, rejected);
    let (mut peer, _) = Peer::associate(&replay, request()).await;
    peer.say(1, EchoRequest::new(9), None, 0).await;
    assert!(peer.message_or_end().await.is_err());
}

fn operations(recording: &Recording) -> Vec<&Operation> {
    let operations = recording
        .exchanges
        .iter()
        .filter_map(|recorded| match &recorded.passed {
            Passed::Operation(operation) => Some(operation),
            _ => None,
        });
    operations.collect()
}
