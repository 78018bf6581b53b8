//! C-MOVE and C-GET: every instance tried, every one accounted for (PS3.4 C.4.2, C.4.3).

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::net::SocketAddr;

use bytes::Bytes;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_fixtures::{Patient, Study, TransferSyntax, ct, mr, report_measurements};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::StopOnFailure;
use dicom_mock_archive::policy::Policy;
use dicom_mock_archive::rule::{Rule, moving};
use dicom_mock_archive::server::Builder;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries;
use dicom_ul::pdu::{AssociationRQ, RequestorRoles, UserVariableItem};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{
    CancelRequest, Command, GetRequest, MoveRequest, Originator, Priority, RetrieveResponse,
    Status, StoreResponse, SubOperations,
};
use dicom_wire::part10::{self, Limits};

use super::peer::*;
use super::receiver::{Manners, Receiver};

fn knowing(destination: SocketAddr) -> Builder {
    let destinations = BTreeMap::from([(title("DEST"), destination.into())]);
    MockArchive::builder().policy(Policy {
        destinations,
        ..Policy::default()
    })
}

fn title(text: &str) -> AeTitle {
    AeTitle::parse(text).unwrap()
}

fn asking(class: &str) -> AssociationRQ {
    with_contexts(vec![context(1, class, &[EXPLICIT])])
}

fn study_identifier(study: &Study) -> Bytes {
    identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, study.study_uid()),
    ])
}

/// Pending responses, the final one, and its Failed SOP Instance UID List.
type Moved = (Vec<SubOperations>, RetrieveResponse, Option<Vec<String>>);

async fn ended(peer: &mut Peer) -> Moved {
    let mut pending = Vec::new();
    loop {
        let (command, data_set) = peer.message().await;
        let (Command::MoveRsp(response) | Command::GetRsp(response)) = command else {
            panic!("{command}")
        };
        if response.outcome.status == Status::PENDING {
            assert_eq!(data_set, None);
            pending.push(response.sub_operations);
            continue;
        }
        let list = data_set.map(|bytes| {
            let list = object(&bytes)
                .get(tags::FAILED_SOP_INSTANCE_UID_LIST)
                .unwrap()
                .to_multi_str()
                .unwrap()
                .into_owned();
            list.iter()
                .map(|uid| uid.trim_end_matches('\0').to_owned())
                .collect()
        });
        return (pending, response, list);
    }
}

async fn moved(archive: &MockArchive, class: &str, to: &str, asked: Bytes) -> Moved {
    let (mut peer, _) = Peer::associate(archive, asking(class)).await;
    let request = MoveRequest {
        message_id: 21,
        sop_class: uid(class),
        priority: Priority::Medium,
        destination: title(to),
    };
    peer.say(1, request, Some(asked), 0).await;
    let moved = ended(&mut peer).await;
    assert_eq!(moved.1.message_id, 21);
    peer.release().await;
    moved
}

#[tokio::test]
async fn compressed_instances_are_decoded_for_who_takes_only_explicit_little_endian() {
    let receiver = Receiver::start(Manners {
        transfer_syntaxes: vec![EXPLICIT.to_owned()],
        ..Manners::default()
    })
    .await;
    let plain = ct("chest").size(32).slices(2);
    let study = plain.clone().encode(TransferSyntax::Rle);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!((end.outcome.status, failed), (Status::SUCCESS, None));
    assert_eq!(end.sub_operations, counts(2, 0, 0));
    for (received, plain) in receiver.received().iter().zip(plain.instances()) {
        assert_eq!(received.transfer_syntax, EXPLICIT);
        let pixels = |object: &InMemDicomObject| {
            let element = object.element(tags::PIXEL_DATA).unwrap();
            element.to_bytes().unwrap().into_owned()
        };
        assert_eq!(pixels(&object(&received.data_set)), pixels(&plain.object()));
    }
}

#[tokio::test]
async fn both_sides_may_release_at_once() {
    let receiver = Receiver::start(Manners {
        collides: true,
        ..Manners::default()
    })
    .await;
    let study = ct("chest").size(32).slices(2);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let asked = study_identifier(&study);
    for times in 1..=2 {
        let (_, end, _) = moved(&archive, STUDY_MOVE, "DEST", asked.clone()).await;
        assert_eq!(end.outcome.status, Status::SUCCESS);
        assert_eq!(receiver.instances().len(), 2 * times);
    }
    assert_eq!(receiver.released(), 2);
}

#[tokio::test]
async fn relational_retrieval_needs_no_keys_above_once_negotiated() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(2);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let series = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "SERIES"),
        (tags::SERIES_INSTANCE_UID, VR::UI, &study.series_uids()[0]),
    ]);
    for (relational, status) in [(0, Status::DOES_NOT_MATCH_CLASS), (1, Status::SUCCESS)] {
        let mut asked = asking(STUDY_MOVE);
        asked
            .user_variables
            .push(UserVariableItem::SopClassExtendedNegotiationSubItem(
                STUDY_MOVE.to_owned(),
                vec![relational],
            ));
        let (mut peer, _) = Peer::associate(&archive, asked).await;
        let request = MoveRequest {
            message_id: 1,
            sop_class: uid(STUDY_MOVE),
            priority: Priority::Medium,
            destination: title("DEST"),
        };
        peer.say(1, request, Some(series.clone()), 0).await;
        assert_eq!(ended(&mut peer).await.1.outcome.status, status);
    }
    assert_eq!(receiver.instances(), study.uids());
}

fn counts(completed: u16, failed: u16, warning: u16) -> SubOperations {
    SubOperations {
        remaining: None,
        completed: Some(completed),
        failed: Some(failed),
        warning: Some(warning),
    }
}

#[tokio::test]
async fn a_study_goes_to_the_destination_byte_for_byte() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(3).encode(TransferSyntax::Rle);
    let archive = holding(
        knowing(receiver.addr),
        &[&study, &mr("brain").size(32).slices(1)],
    )
    .await;
    let (pending, end, failed) =
        moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations, failed),
        (Status::SUCCESS, counts(3, 0, 0), None)
    );
    let progress: Vec<_> = pending
        .iter()
        .map(|p| (p.remaining, p.completed, p.failed, p.warning))
        .collect();
    let some = |n| Some(n);
    assert_eq!(
        progress,
        [3, 2, 1].map(|n| (some(n - 1), some(4 - n), some(0), some(0)))
    );
    for (one, instance) in receiver.received().iter().zip(study.instances()) {
        assert_eq!(
            (one.calling.as_str(), one.called.as_str()),
            ("MOCK", "DEST")
        );
        assert_eq!(
            one.request.originator,
            Some(Originator {
                ae_title: title("PEER"),
                message_id: 21
            })
        );
        assert_eq!(one.request.sop_instance, instance.sop_instance.as_str());
        assert_eq!(one.transfer_syntax, instance.transfer_syntax);
        assert!(one.data_set == data_set(instance));
    }
}

#[tokio::test]
async fn a_deflated_data_set_of_odd_length_is_padded() {
    let receiver = Receiver::start(Manners::default()).await;
    let archive = knowing(receiver.addr).start().await.unwrap();
    let encoded = dicom_fixtures::encoded::all();
    let deflated = encoded
        .iter()
        .find(|file| file.name == "ct-deflated")
        .unwrap();
    archive
        .archive()
        .load(Bytes::from_static(deflated.bytes))
        .unwrap();
    let header = part10::header(
        Cursor::new(deflated.bytes),
        &part10::scan(Cursor::new(deflated.bytes), &Limits::default()).unwrap(),
    )
    .unwrap();
    let study = text(&header, tags::STUDY_INSTANCE_UID).unwrap();
    let asked = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, &study),
    ]);

    let (_, end, _) = moved(&archive, STUDY_MOVE, "DEST", asked).await;

    assert_eq!(end.outcome.status, Status::SUCCESS);
    let [one] = &receiver.received()[..] else {
        panic!("not one instance")
    };
    let (sent, pad) = one.data_set.split_at(one.data_set.len() - 1);
    assert!(one.data_set.len().is_multiple_of(2) && deflated.bytes.ends_with(sent));
    assert_eq!(pad, [0]);
}

#[tokio::test]
async fn all_are_tried_and_the_failed_ones_are_listed() {
    let study = ct("chest").size(32).slices(6);
    let statuses = BTreeMap::from([
        (study.uid(1).to_owned(), Status::COERCION),
        (study.uid(2).to_owned(), Status::OUT_OF_RESOURCES),
    ]);
    let receiver = Receiver::start(Manners {
        statuses,
        ..Manners::default()
    })
    .await;
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::SUB_OPERATIONS_WARNING, counts(4, 1, 1))
    );
    assert_eq!(failed, Some(vec![study.uid(2).to_owned()]));
    assert_eq!(receiver.received().len(), 6);
    insta::assert_snapshot!(archive.journal());
}

#[tokio::test]
async fn if_all_fail_the_move_fails() {
    let study = ct("chest").size(32).slices(2);
    let statuses = study
        .uids()
        .into_iter()
        .map(|uid| (uid, Status::OUT_OF_RESOURCES))
        .collect();
    let receiver = Receiver::start(Manners {
        statuses,
        ..Manners::default()
    })
    .await;
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::CANNOT_PERFORM_SUB_OPERATIONS, counts(0, 2, 0))
    );
    assert_eq!(
        failed.map(|mut list| {
            list.sort();
            list
        }),
        Some(study.uids())
    );
}

#[tokio::test]
async fn a_destination_that_is_down_fails_the_move() {
    let receiver = Receiver::start(Manners::default()).await;
    let addr = receiver.addr;
    drop(receiver);
    let study = ct("chest").size(32).slices(2);
    let archive = holding(knowing(addr), &[&study]).await;
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::CANNOT_PERFORM_SUB_OPERATIONS, counts(0, 2, 0))
    );
    assert_eq!(failed.unwrap().len(), 2);
    assert!(end.outcome.comment.unwrap().starts_with("DEST: "));
}

#[tokio::test]
async fn a_destination_that_leaves_midway_fails_the_rest() {
    let receiver = Receiver::start(Manners {
        leaves_at: Some(1),
        ..Manners::default()
    })
    .await;
    let study = ct("chest").size(32).slices(4);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (pending, end, _) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::SUB_OPERATIONS_WARNING, counts(1, 3, 0))
    );
    assert_eq!(pending.len(), 4);
}

#[tokio::test]
async fn what_no_context_takes_is_counted_as_failed() {
    let image = ct("chest").size(32).slices(2);
    let report = report_measurements().instances()[0].clone();
    let refused_classes = vec![report.sop_class.clone()];
    let receiver = Receiver::start(Manners {
        refused_classes,
        ..Manners::default()
    })
    .await;
    let archive = holding(knowing(receiver.addr), &[&image, &report_measurements()]).await;
    let asked = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (
            tags::STUDY_INSTANCE_UID,
            VR::UI,
            &format!("{}\\{}", image.study_uid(), report.study),
        ),
    ]);
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", asked).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::SUB_OPERATIONS_WARNING, counts(2, 1, 0))
    );
    assert_eq!(failed, Some(vec![report.sop_instance]));
}

#[tokio::test]
async fn instances_are_written_anew_for_a_destination_that_takes_only_implicit_little_endian() {
    use TransferSyntax::{Deflated, ExplicitBig, ExplicitLittle, Rle};
    let study = |seed| ct("chest").size(32).seed(seed).slices(1);
    let stored: Vec<_> = [ExplicitLittle, ExplicitBig, Deflated, Rle]
        .into_iter()
        .zip(1..)
        .map(|(syntax, seed)| study(seed).encode(syntax))
        .collect();
    let transfer_syntaxes = vec![IMPLICIT.to_owned()];
    let receiver = Receiver::start(Manners {
        transfer_syntaxes,
        ..Manners::default()
    })
    .await;
    let archive = holding(knowing(receiver.addr), &stored.iter().collect::<Vec<_>>()).await;
    let all: Vec<_> = stored.iter().map(Study::study_uid).collect();
    let asked = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, &all.join("\\")),
    ]);
    let (_, end, failed) = moved(&archive, STUDY_MOVE, "DEST", asked).await;
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::SUCCESS, counts(4, 0, 0))
    );
    assert_eq!(failed, None);
    let received = receiver.received();
    for seed in 1..=4 {
        let plain = study(seed);
        let came = received
            .iter()
            .find(|one| one.request.sop_instance == plain.uid(0))
            .unwrap();
        assert_eq!(came.transfer_syntax, IMPLICIT);
        let syntax = entries::IMPLICIT_VR_LITTLE_ENDIAN.erased();
        let written = InMemDicomObject::read_dataset_with_ts(&came.data_set[..], &syntax).unwrap();
        let plain = object(&data_set(&plain.instances()[0]));
        assert_eq!(
            written.tags().collect::<Vec<_>>(),
            plain.tags().collect::<Vec<_>>()
        );
        let pixels = |object: &InMemDicomObject| {
            object
                .get(tags::PIXEL_DATA)
                .unwrap()
                .to_bytes()
                .unwrap()
                .into_owned()
        };
        assert!(pixels(&written) == pixels(&plain), "{seed}");
        assert_eq!(
            text(&written, tags::PATIENT_NAME),
            text(&plain, tags::PATIENT_NAME)
        );
    }
}

#[tokio::test]
async fn unknown_destinations_and_bad_identifiers_are_refused() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(1);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (_, end, _) = moved(&archive, STUDY_MOVE, "NOWHERE", study_identifier(&study)).await;
    assert_eq!(end.outcome.status, Status::UNKNOWN_DESTINATION);
    let no_level = identifier(&[(tags::STUDY_INSTANCE_UID, VR::UI, study.study_uid())]);
    let no_key = identifier(&[(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY")]);
    let no_uid = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, "1..2"),
    ]);
    for asked in [no_level, no_key, no_uid] {
        let (_, end, _) = moved(&archive, STUDY_MOVE, "DEST", asked).await;
        assert_eq!(end.outcome.status, Status::DOES_NOT_MATCH_CLASS, "{end:?}");
    }
    let nothing = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3"),
    ]);
    let (pending, end, failed) = moved(&archive, STUDY_MOVE, "DEST", nothing).await;
    assert_eq!(
        (pending.len(), end.outcome.status, end.sub_operations),
        (0, Status::SUCCESS, counts(0, 0, 0))
    );
    assert_eq!(failed, None);
    assert_eq!(receiver.instances(), Vec::<String>::new());
}

#[tokio::test]
async fn every_level_moves_exactly_what_it_names() {
    let study = ct("chest").size(32).slices(3);
    let instance = &study.instances()[0];
    let patient = text(&instance.object(), tags::PATIENT_ID).unwrap();
    let other = mr("brain")
        .size(32)
        .slices(1)
        .with_patient(&Patient::new("OTHER", "Other^Patient"));
    let level = |level: &'static str| (tags::QUERY_RETRIEVE_LEVEL, VR::CS, level);
    let of_patient = (tags::PATIENT_ID, VR::LO, patient.as_str());
    let of_study = (tags::STUDY_INSTANCE_UID, VR::UI, instance.study.as_str());
    let of_series = (tags::SERIES_INSTANCE_UID, VR::UI, instance.series.as_str());
    let two = format!("{}\\{}", study.uid(0), study.uid(2));
    let cases = [
        (identifier(&[level("PATIENT"), of_patient]), vec![0, 1, 2]),
        (
            identifier(&[level("STUDY"), of_patient, of_study]),
            vec![0, 1, 2],
        ),
        (
            identifier(&[level("SERIES"), of_patient, of_study, of_series]),
            vec![0, 1, 2],
        ),
        (
            identifier(&[
                level("IMAGE"),
                of_patient,
                of_study,
                of_series,
                (tags::SOP_INSTANCE_UID, VR::UI, &two),
            ]),
            vec![0, 2],
        ),
    ];
    for (asked, expected) in cases {
        let receiver = Receiver::start(Manners::default()).await;
        let archive = holding(knowing(receiver.addr), &[&study, &other]).await;
        let (_, end, _) = moved(&archive, PATIENT_MOVE, "DEST", asked).await;
        assert_eq!(end.outcome.status, Status::SUCCESS);
        let expected: BTreeSet<_> = expected
            .into_iter()
            .map(|n| study.uid(n).to_owned())
            .collect();
        assert_eq!(
            receiver.instances().into_iter().collect::<BTreeSet<_>>(),
            expected
        );
    }
}

#[tokio::test]
async fn a_move_may_be_told_to_stop_at_the_first_failure() {
    let study = ct("chest").size(32).slices(3);
    let statuses = BTreeMap::from([(study.uid(0).to_owned(), Status::OUT_OF_RESOURCES)]);
    let receiver = Receiver::start(Manners {
        statuses,
        ..Manners::default()
    })
    .await;
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    archive.inject(Rule::when(moving()).then(StopOnFailure {}));
    let (_, end, _) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(end.outcome.status, Status::CANNOT_UNDERSTAND);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn a_move_that_is_cancelled_stops_sending() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(20);
    let archive = holding(knowing(receiver.addr), &[&study]).await;
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_MOVE)).await;
    let request = MoveRequest {
        message_id: 21,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Medium,
        destination: title("DEST"),
    };
    peer.say(1, request, Some(study_identifier(&study)), 0)
        .await;
    assert_eq!(peer.message().await.0.status(), Some(Status::PENDING));
    peer.say(
        1,
        CancelRequest {
            message_id_responded_to: 21,
        },
        None,
        0,
    )
    .await;
    let (_, end, _) = ended(&mut peer).await;
    assert_eq!(end.outcome.status, Status::CANCEL);
    let SubOperations {
        remaining: Some(remaining),
        completed: Some(completed),
        ..
    } = end.sub_operations
    else {
        panic!("{end:?}")
    };
    assert_eq!(remaining + completed, 20);
    assert_eq!(receiver.received().len(), usize::from(completed));
    assert!(remaining > 0);
}

/// Asks for the study over C-GET and answers its C-STOREs; gives the instances that came, and the end.
async fn got(
    archive: &MockArchive,
    study: &Study,
    roles: &[&str],
    answer: Status,
) -> (Vec<String>, Moved) {
    let mut asked = for_storing(study.instances(), &[STUDY_GET]);
    let roles = roles.iter().map(|class| {
        UserVariableItem::ScuScpRoleSelectionSubItem(
            (*class).to_owned(),
            RequestorRoles {
                scu: false,
                scp: true,
            },
        )
    });
    asked.user_variables.extend(roles);
    let on = Peer::context_of(&asked, STUDY_GET, EXPLICIT);
    let (mut peer, _) = Peer::associate(archive, asked).await;
    let request = GetRequest {
        message_id: 5,
        sop_class: uid(STUDY_GET),
        priority: Priority::Medium,
    };
    peer.say(on, request, Some(study_identifier(study)), 0)
        .await;
    let mut came = Vec::new();
    let mut pending = Vec::new();
    loop {
        let (context, command, data_set) = peer.message_or_end().await.unwrap();
        match command {
            Command::StoreRq(request) => {
                came.push(request.sop_instance.to_string());
                assert_eq!(request.originator, None);
                let response = StoreResponse {
                    message_id: request.message_id,
                    sop_class: Some(request.sop_class),
                    sop_instance: Some(request.sop_instance),
                    outcome: answer.into(),
                };
                peer.say(context, response, None, 0).await;
            }
            Command::GetRsp(response) if response.outcome.status == Status::PENDING => {
                pending.push(response.sub_operations)
            }
            Command::GetRsp(response) => {
                let list = data_set.map(|_| Vec::new());
                peer.release().await;
                return (came, (pending, response, list));
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_get_brings_the_instances_on_the_same_association() {
    let study = ct("chest").size(32).slices(3);
    let archive = holding(MockArchive::builder(), &[&study]).await;
    let class = study.instances()[0].sop_class.clone();
    let (came, (pending, end, failed)) = got(&archive, &study, &[&class], Status::SUCCESS).await;
    assert_eq!(
        came.into_iter().collect::<BTreeSet<_>>(),
        study.uids().into_iter().collect()
    );
    assert_eq!(
        (pending.len(), end.outcome.status, end.sub_operations),
        (3, Status::SUCCESS, counts(3, 0, 0))
    );
    assert_eq!(failed, None);
}

#[tokio::test]
async fn a_get_without_the_role_sends_nothing_and_says_so() {
    let study = ct("chest").size(32).slices(2);
    let archive = holding(MockArchive::builder(), &[&study]).await;
    let (came, (_, end, failed)) = got(&archive, &study, &[], Status::SUCCESS).await;
    assert_eq!(came, Vec::<String>::new());
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::CANNOT_PERFORM_SUB_OPERATIONS, counts(0, 2, 0))
    );
    assert!(failed.is_some());
}

#[tokio::test]
async fn a_get_counts_what_the_requester_refuses() {
    let study = ct("chest").size(32).slices(2);
    let archive = holding(MockArchive::builder(), &[&study]).await;
    let class = study.instances()[0].sop_class.clone();
    let (came, (_, end, _)) = got(&archive, &study, &[&class], Status::OUT_OF_RESOURCES).await;
    assert_eq!(came.len(), 2);
    assert_eq!(
        (end.outcome.status, end.sub_operations),
        (Status::CANNOT_PERFORM_SUB_OPERATIONS, counts(0, 2, 0))
    );
}

#[tokio::test]
async fn a_destination_refuses_all_or_one_instance() {
    for (fault, status, completed, failed) in [
        (
            "move.destination-refuses",
            Status::CANNOT_PERFORM_SUB_OPERATIONS,
            0,
            3,
        ),
        (
            "move.destination-lacks-context",
            Status::SUB_OPERATIONS_WARNING,
            2,
            1,
        ),
    ] {
        let receiver = Receiver::start(Manners::default()).await;
        let study = ct("chest").size(32).slices(3);
        let builder = knowing(receiver.addr).rule(Rule::named(fault).unwrap());
        let archive = holding(builder, &[&study]).await;
        let (_, end, list) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
        assert_eq!(end.outcome.status, status, "{fault}");
        assert_eq!(end.sub_operations, counts(completed, failed, 0), "{fault}");
        assert_eq!(
            list.map(|list| list.len()),
            Some(usize::from(failed)),
            "{fault}"
        );
        assert_eq!(
            receiver.instances().len(),
            usize::from(completed),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn instances_still_come_after_a_move_is_said_to_be_done() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(3);
    let builder = knowing(receiver.addr).rule(Rule::named("move.late-stores").unwrap());
    let archive = holding(builder, &[&study]).await;
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_MOVE)).await;
    let request = MoveRequest {
        message_id: 21,
        sop_class: uid(STUDY_MOVE),
        priority: Priority::Medium,
        destination: title("DEST"),
    };
    peer.say(1, request, Some(study_identifier(&study)), 0)
        .await;
    let (pending, end, _) = ended(&mut peer).await;
    assert_eq!((pending.len(), end.outcome.status), (0, Status::SUCCESS));
    assert_eq!(end.sub_operations.completed, Some(1));
    let all = async {
        while receiver.instances().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(std::time::Duration::from_secs(20), all);
    all.await.expect("the other two come too");
    peer.release().await;
}

#[tokio::test]
async fn what_came_in_implicit_vr_goes_out_under_un() {
    let receiver = Receiver::start(Manners {
        transfer_syntaxes: vec![EXPLICIT.to_owned()],
        ..Manners::default()
    })
    .await;
    let plain = report_measurements();
    let study = plain.clone().encode(TransferSyntax::ImplicitLittle);
    let builder = knowing(receiver.addr).rule(Rule::named("store.un-everything").unwrap());
    let archive = holding(builder, &[&study]).await;
    let (_, end, _) = moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    assert_eq!(end.outcome.status, Status::SUCCESS);
    let got = object(&receiver.received()[0].data_set);
    let sent = plain.instances()[0].object();
    for (tag, vr) in [
        (tags::PATIENT_NAME, VR::UN),
        (tags::CONTENT_SEQUENCE, VR::UN),
        (tags::SOP_INSTANCE_UID, VR::UI),
    ] {
        assert_eq!(got.element(tag).unwrap().vr(), vr, "{tag}");
    }
    let name = |object: &InMemDicomObject| {
        let element = object.element(tags::PATIENT_NAME).unwrap();
        element.to_bytes().unwrap().trim_ascii_end().to_vec()
    };
    assert_eq!(name(&got), name(&sent));
    assert_eq!(got.iter().count(), sent.iter().count());
}

#[tokio::test]
async fn a_derived_instance_goes_out_under_its_own_uid() {
    let receiver = Receiver::start(Manners::default()).await;
    let study = ct("chest").size(32).slices(1);
    let builder = knowing(receiver.addr).rule(Rule::named("wado.lossy-derived").unwrap());
    let archive = holding(builder, &[&study]).await;
    moved(&archive, STUDY_MOVE, "DEST", study_identifier(&study)).await;
    let received = receiver.received();
    let inside = text(&object(&received[0].data_set), tags::SOP_INSTANCE_UID).unwrap();
    assert_eq!(received[0].request.sop_instance.as_str(), inside);
    assert_ne!(inside, study.uid(0));
}
