//! The faults of associations and DIMSE operations, as a peer sees them on the wire.

use std::time::Duration;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_fixtures::ct;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{
    AlterResponse, AnswerContexts, MisshapeAcceptance, OperationHabit, ReplaceRejection,
    RewriteMatch, UpperLayer,
};
use dicom_mock_archive::policy::{Called, Policy};
use dicom_mock_archive::rule::{Rule, any, associating, echoing, searching};
use dicom_ul::pdu::{Pdu, UserVariableItem};
use dicom_wire::dimse::{Command, EchoRequest, FindRequest, Priority, Status};
use serde_json::json;

use super::peer::*;

const FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";

/// A fault from the fields that it has in JSON.
fn fault<F: serde::de::DeserializeOwned>(fields: serde_json::Value) -> F {
    serde_json::from_value(fields).unwrap()
}

async fn with(rule: Rule) -> MockArchive {
    MockArchive::builder().rule(rule).start().await.unwrap()
}

#[tokio::test]
async fn a_quirk_of_the_upper_layer_shows_only_to_who_provokes_it() {
    let rule = Rule::when(any()).then(fault::<UpperLayer>(json!({"habit": "unknown-pdu-ignored"})));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
    // A PDU of type 99H: passed over, and the association goes on.
    peer.send(&[0x99, 0, 0, 0, 0, 2, 1, 2]).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
    peer.release().await;
}

#[tokio::test]
async fn a_release_is_closed_upon_where_that_is_a_habit() {
    let rule = Rule::when(any()).then(fault::<UpperLayer>(json!({"habit": "release-closes"})));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.send(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
    assert!(matches!(
        peer.answer().await,
        Answer::Closed | Answer::Reset
    ));
}

#[tokio::test]
async fn a_refused_context_gets_another_result() {
    let rule = Rule::when(associating()).then(fault::<AnswerContexts>(
        json!({"instead-of": 3, "result": 1}),
    ));
    let archive = with(rule).await;
    let unknown = context(3, "1.2.840.10008.999", &[IMPLICIT]);
    let asked = with_contexts(vec![context(1, VERIFICATION, &[IMPLICIT]), unknown]);
    let (_peer, accepted) = Peer::associate(&archive, asked).await;
    let results: Vec<_> = accepted
        .presentation_contexts
        .iter()
        .map(|context| context.reason.clone() as u8)
        .collect();
    assert_eq!(results, [0, 1]);
}

#[tokio::test]
async fn an_acceptance_goes_out_without_its_maximum_length_and_works_all_the_same() {
    let rule = Rule::when(associating()).then(fault::<MisshapeAcceptance>(
        json!({"flaw": "no-maximum-length"}),
    ));
    let archive = with(rule).await;
    let (mut peer, accepted) = Peer::associate(&archive, request()).await;
    let is_length = |item: &UserVariableItem| matches!(item, UserVariableItem::MaxLength(_));
    assert!(!accepted.user_variables.iter().any(is_length));
    assert_eq!(accepted.calling_ae_title.trim(), "PEER");
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn the_titles_of_an_acceptance_can_be_swapped() {
    let rule = Rule::when(associating()).then(fault::<MisshapeAcceptance>(
        json!({"flaw": "swapped-titles"}),
    ));
    let archive = with(rule).await;
    let (_peer, accepted) = Peer::associate(&archive, request()).await;
    assert_eq!(accepted.calling_ae_title.trim(), "MOCK");
    assert_eq!(accepted.called_ae_title.trim(), "PEER");
}

#[tokio::test]
async fn a_rejection_has_another_reason() {
    let policy = Policy {
        called: Called::Own,
        ..Policy::default()
    };
    let rule = Rule::when(associating()).then(fault::<ReplaceRejection>(
        json!({"instead-of": 7, "reason": 1}),
    ));
    let archive = MockArchive::builder().policy(policy).rule(rule);
    let archive = archive.start().await.unwrap();
    let mut stranger = request();
    stranger.called_ae_title = "SOMEBODY".into();
    let mut peer = Peer::connect(archive.dimse_addr()).await;
    peer.send(&bytes_of(stranger)).await;
    // Result 1, source 1, reason 1 in place of 7 (PS3.8 9.3.4).
    let rejected = peer.pdu().await.unwrap().unwrap();
    assert_eq!(rejected[..], [3, 0, 0, 0, 0, 4, 0, 1, 1, 1]);
}

#[tokio::test]
async fn a_response_has_another_status_loses_an_element_or_does_not_come() {
    let rule = Rule::when(echoing()).then(fault::<AlterResponse>(
        json!({"status": "0110", "without": ["0002"]}),
    ));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, EchoRequest::new(5), None, 0).await;
    let (Command::EchoRsp(response), None) = peer.message().await else {
        panic!()
    };
    assert_eq!(response.outcome.status, Status::PROCESSING_FAILURE);
    assert_eq!(response.sop_class, None);

    let rule = Rule::when(echoing()).then(fault::<AlterResponse>(json!({"delivery": "withheld"})));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, EchoRequest::new(5), None, 0).await;
    let nothing = tokio::time::timeout(Duration::from_millis(50), peer.answer()).await;
    assert!(nothing.is_err());
}

#[tokio::test]
async fn a_group_length_is_off_by_two() {
    let rule = Rule::when(echoing()).then(fault::<AlterResponse>(json!({"group-length-by": 2})));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, EchoRequest::new(5), None, 0).await;
    let pdu = peer.pdu().await.unwrap().unwrap();
    // PDU header, value header, the element's own header, its value; the rest of the set follows.
    let declared = u32::from_le_bytes([pdu[20], pdu[21], pdu[22], pdu[23]]) as usize;
    assert_eq!(declared, pdu.len() - 24 + 2);
}

async fn found(
    archive: &MockArchive,
    level: &str,
    uid_: &str,
) -> Vec<dicom_object::InMemDicomObject> {
    let asked = with_contexts(vec![context(1, FIND, &[EXPLICIT])]);
    let (mut peer, _) = Peer::associate(archive, asked).await;
    let find = FindRequest {
        message_id: 8,
        sop_class: uid(FIND),
        priority: Priority::Medium,
    };
    let keys = identifier(&[
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, level),
        (tags::STUDY_INSTANCE_UID, VR::UI, uid_),
    ]);
    peer.say(1, find, Some(keys), 0).await;
    let mut found = Vec::new();
    while let (_, Some(bytes)) = peer.message().await {
        found.push(object(&bytes));
    }
    found
}

#[tokio::test]
async fn a_match_loses_its_level_or_has_more_than_was_asked_for() {
    let study = ct("chest").size(16).slices(1);
    for (fields, level, manufacturer) in [
        (json!({"attribute": "QueryRetrieveLevel"}), None, false),
        (json!({"attributes": "all"}), Some("STUDY"), true),
    ] {
        let rule = Rule::when(searching()).then(fault::<RewriteMatch>(fields));
        let archive = holding(MockArchive::builder().rule(rule), &[&study]).await;
        let found = found(&archive, "STUDY", study.study_uid()).await;
        assert_eq!(found.len(), 1);
        let got = text(&found[0], tags::QUERY_RETRIEVE_LEVEL);
        assert_eq!(got.as_deref(), level);
        let more = found[0].get(tags::STUDY_DATE).is_some();
        assert_eq!(more, manufacturer);
    }
}

#[tokio::test]
async fn a_level_that_is_none_is_taken_for_study() {
    let study = ct("chest").size(16).slices(1);
    let rule =
        Rule::when(associating()).then(fault::<OperationHabit>(json!({"habit": "any-level"})));
    let archive = holding(MockArchive::builder().rule(rule), &[&study]).await;
    assert_eq!(found(&archive, "BOGUS", study.study_uid()).await.len(), 1);

    let faithful = holding(MockArchive::builder(), &[&study]).await;
    assert_eq!(found(&faithful, "BOGUS", study.study_uid()).await.len(), 0);
}

#[tokio::test]
async fn a_second_request_is_accepted_again() {
    let rule = Rule::when(any()).then(fault::<UpperLayer>(
        json!({"habit": "second-request-accepted"}),
    ));
    let archive = with(rule).await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.send(&bytes_of(request())).await;
    assert!(matches!(
        peer.answer().await,
        Answer::Pdu(Pdu::AssociationAC(_))
    ));
}

#[tokio::test]
async fn uids_of_an_acceptance_are_padded_as_in_a_data_set() {
    let archive = with(Rule::named("ul.pads-uids").unwrap()).await;
    let mut peer = Peer::connect(archive.dimse_addr()).await;
    peer.send(&bytes_of(request())).await;
    let pdu = peer.pdu().await.unwrap().unwrap();
    assert_eq!(pdu[0], 2, "A-ASSOCIATE-AC");
    let padded = |kind: u8, uid: &[u8]| {
        let item = [&[kind, 0, 0, uid.len() as u8 + 1], uid, &[0]].concat();
        pdu.windows(item.len()).any(|window| window == item)
    };
    assert!(padded(0x10, b"1.2.840.10008.3.1.1.1"));
    assert!(padded(0x40, IMPLICIT.as_bytes()) || padded(0x40, EXPLICIT.as_bytes()));
    let length = u32::from_be_bytes(*pdu[2..6].first_chunk().unwrap());
    assert_eq!(length as usize, pdu.len() - 6);
}

#[tokio::test]
async fn a_store_response_names_another_instance() {
    let archive = with(Rule::named("store.rsp-wrong-uid").unwrap()).await;
    let study = ct("chest").size(16).slices(1);
    let instance = &study.instances()[0];
    let asked = for_storing(study.instances(), &[]);
    let id = Peer::context_of(&asked, &instance.sop_class, &instance.transfer_syntax);
    let (mut peer, _) = Peer::associate(&archive, asked).await;
    peer.say(
        id,
        store_request(1, instance),
        Some(data_set(instance)),
        16_384,
    )
    .await;
    let (Command::StoreRsp(response), _) = peer.message().await else {
        panic!("no C-STORE-RSP")
    };
    assert_eq!(response.outcome.status, Status::SUCCESS);
    assert_eq!(response.sop_instance, Some(uid("1.2.3.4.5")));
    assert_eq!(archive.stored(), study.uids());
}

#[tokio::test]
async fn a_search_fails_after_some_matches_and_nothing_comes_after_that() {
    for studies in [1, 3] {
        let archive = with(Rule::named("find.fails-midway").unwrap()).await;
        for seed in 0..studies {
            archive
                .load(&ct("chest").size(16).seed(seed).slices(1))
                .unwrap();
        }
        let asked = with_contexts(vec![
            context(1, STUDY_FIND, &[EXPLICIT]),
            context(3, VERIFICATION, &[EXPLICIT]),
        ]);
        let (mut peer, _) = Peer::associate(&archive, asked).await;
        let find = FindRequest {
            message_id: 7,
            sop_class: uid(STUDY_FIND),
            priority: Priority::Medium,
        };
        let keys = identifier(&[(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY")]);
        peer.say(1, find, Some(keys), 0).await;
        let mut seen = Vec::new();
        for _ in 0..2 {
            let (Command::FindRsp(response), data_set) = peer.message().await else {
                panic!("no C-FIND-RSP")
            };
            seen.push((response.outcome.status.0, data_set.is_some()));
        }
        assert_eq!(seen, [(0xFF00, true), (0xA700, false)], "{studies} studies");
        let echo = EchoRequest {
            message_id: 9,
            sop_class: uid(VERIFICATION),
        };
        peer.say(3, echo, None, 0).await;
        let (Command::EchoRsp(answer), _) = peer.message().await else {
            panic!("something came after the last response")
        };
        assert_eq!(answer.message_id, 9);
        peer.release().await;
    }
}
