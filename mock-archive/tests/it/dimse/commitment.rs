//! Storage Commitment Push Model: what is promised is true (PS3.4 J.3).

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{Study, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::DropInstance;
use dicom_mock_archive::policy::Policy;
use dicom_mock_archive::rule::{Rule, any};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries;
use dicom_ul::pdu::{
    self, AssociationAC, AssociationRQ, Pdu, PresentationContextResult,
    PresentationContextResultReason as Reason, UserVariableItem,
};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{Command, NRequest, NResponse, NService, Status};
use tokio::net::TcpListener;

use super::peer::*;

const CLASS: &str = "1.2.840.10008.1.20.1";
const INSTANCE: &str = "1.2.840.10008.1.20.1.1";
const TRANSACTION: &str = "1.2.826.0.1.3680043.10.9.77";

/// SOP class and instance.
type Pair = (String, String);

fn asking() -> AssociationRQ {
    with_contexts(vec![
        context(1, VERIFICATION, &[IMPLICIT]),
        context(3, CLASS, &[EXPLICIT]),
    ])
}

fn pairs(study: &Study) -> Vec<Pair> {
    let pair = |instance: &dicom_fixtures::Instance| {
        (instance.sop_class.clone(), instance.sop_instance.clone())
    };
    study.instances().iter().map(pair).collect()
}

fn action(message_id: u16) -> NRequest {
    NRequest {
        service: NService::Action,
        message_id,
        sop_class: uid(CLASS),
        sop_instance: Some(uid(INSTANCE)),
        type_id: Some(1),
        attributes: vec![],
    }
}

fn information(pairs: &[Pair]) -> Bytes {
    let text = |tag, text: &str| DataElement::new(tag, VR::UI, PrimitiveValue::from(text));
    let item = |(class, instance): &Pair| {
        InMemDicomObject::from_element_iter([
            text(tags::REFERENCED_SOP_CLASS_UID, class),
            text(tags::REFERENCED_SOP_INSTANCE_UID, instance),
        ])
    };
    let items: Vec<_> = pairs.iter().map(item).collect();
    let items = DataSetSequence::new(items, Length::UNDEFINED);
    let mut object =
        InMemDicomObject::from_element_iter([text(tags::TRANSACTION_UID, TRANSACTION)]);
    object.put(DataElement::new(
        tags::REFERENCED_SOP_SEQUENCE,
        VR::SQ,
        items,
    ));
    let mut bytes = Vec::new();
    object
        .write_dataset_with_ts(&mut bytes, &entries::EXPLICIT_VR_LITTLE_ENDIAN.erased())
        .unwrap();
    bytes.into()
}

/// What an N-EVENT-REPORT says: its type, what is committed, and what is not with the reasons.
#[derive(Debug, PartialEq)]
struct Event {
    type_id: u16,
    committed: Vec<Pair>,
    failed: Vec<(Pair, u16)>,
}

fn event((command, data_set): (Command, Option<Bytes>)) -> (u16, Event) {
    let Command::NRq(request) = command else {
        panic!("{command}")
    };
    assert_eq!(request.service, NService::EventReport);
    assert_eq!(request.sop_class, uid(CLASS));
    assert_eq!(request.sop_instance, Some(uid(INSTANCE)));
    let object = object(&data_set.unwrap());
    assert_eq!(text(&object, tags::TRANSACTION_UID).unwrap(), TRANSACTION);
    assert_eq!(text(&object, tags::RETRIEVE_AE_TITLE).unwrap(), "MOCK");
    let items = |tag: Tag| {
        let items = object.get(tag).and_then(|element| element.items());
        items.unwrap_or_default().to_vec()
    };
    let pair = |item: &InMemDicomObject| {
        (
            text(item, tags::REFERENCED_SOP_CLASS_UID).unwrap(),
            text(item, tags::REFERENCED_SOP_INSTANCE_UID).unwrap(),
        )
    };
    let reason =
        |item: &InMemDicomObject| item.element(tags::FAILURE_REASON).unwrap().to_int::<u16>();
    let event = Event {
        type_id: request.type_id.unwrap(),
        committed: items(tags::REFERENCED_SOP_SEQUENCE)
            .iter()
            .map(pair)
            .collect(),
        failed: items(tags::FAILED_SOP_SEQUENCE)
            .iter()
            .map(|item| (pair(item), reason(item).unwrap()))
            .collect(),
    };
    (request.message_id, event)
}

fn event_response(message_id: u16) -> NResponse {
    NResponse {
        service: NService::EventReport,
        message_id,
        sop_class: Some(uid(CLASS)),
        sop_instance: Some(uid(INSTANCE)),
        type_id: None,
        outcome: Status::SUCCESS.into(),
    }
}

/// Asks on an open association and answers the report on it.
async fn committed(peer: &mut Peer, message_id: u16, pairs: &[Pair]) -> Event {
    peer.say(3, action(message_id), Some(information(pairs)), 0)
        .await;
    let (response, data_set) = peer.message().await;
    assert_eq!((response.name(), data_set), ("N-ACTION-RSP", None));
    assert_eq!(
        (response.message_id(), response.status()),
        (message_id, Some(Status::SUCCESS))
    );
    let (report, event) = event(peer.message().await);
    peer.say(3, event_response(report), None, 0).await;
    event
}

async fn holding_chest() -> (MockArchive, Vec<Pair>) {
    let study = ct("chest").size(32).slices(3);
    let archive = holding(MockArchive::builder(), &[&study]).await;
    (archive, pairs(&study))
}

#[tokio::test]
async fn what_is_stored_is_committed_on_the_same_association() {
    let (archive, pairs) = holding_chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    for message_id in [1, 2] {
        let event = committed(&mut peer, message_id, &pairs).await;
        let expected = Event {
            type_id: 1,
            committed: pairs.clone(),
            failed: vec![],
        };
        assert_eq!(event, expected);
    }
    assert_eq!(peer.echo().await, Status::SUCCESS);
    peer.release().await;
    let told = archive.journal().to_string();
    assert!(told.contains("3 committed, 0 failed"), "{told}");
}

#[tokio::test]
async fn what_is_not_stored_or_of_another_class_is_named_with_its_reason() {
    let (archive, pairs) = holding_chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    let never = (pairs[0].0.clone(), "1.2.3.4.5".to_owned());
    let other_class = ("1.2.840.10008.5.1.4.1.1.4".to_owned(), pairs[1].1.clone());
    let asked = [pairs[0].clone(), never.clone(), other_class.clone()];

    let event = committed(&mut peer, 1, &asked).await;

    let expected = Event {
        type_id: 2,
        committed: vec![pairs[0].clone()],
        failed: vec![(never, 0x0112), (other_class, 0x0119)],
    };
    assert_eq!(event, expected);
}

#[tokio::test]
async fn a_rule_can_make_an_archive_forget_what_it_holds() {
    let (archive, pairs) = holding_chest().await;
    archive.inject(Rule::when(any()).then(DropInstance { index: 1 }));
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    let event = committed(&mut peer, 1, &pairs).await;
    assert_eq!(event.failed, [(pairs[1].clone(), 0x0112)]);
}

#[tokio::test]
async fn a_wrong_request_is_refused_and_not_reported_on() {
    let (archive, pairs) = holding_chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    let right = || Some(information(&pairs));
    let (mut other_action, mut other_instance, mut other_class) = (action(1), action(2), action(3));
    other_action.type_id = Some(2);
    other_instance.sop_instance = Some(uid("1.2.3"));
    other_class.sop_class = uid(VERIFICATION);
    for (request, data_set, status) in [
        (other_action, right(), Status::NO_SUCH_ACTION),
        (other_instance, right(), Status::NO_SUCH_INSTANCE),
        (other_class, right(), Status::NO_SUCH_CLASS),
        (action(4), None, Status::INVALID_ARGUMENT),
        (action(5), Some(information(&[])), Status::INVALID_ARGUMENT),
        (
            action(6),
            Some(Bytes::from_static(b"no data set, not at all")),
            Status::INVALID_ARGUMENT,
        ),
    ] {
        peer.say(3, request, data_set, 0).await;
        assert_eq!(peer.status().await, status);
    }
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn a_second_report_waits_for_the_answer_to_the_first() {
    let (archive, pairs) = holding_chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    peer.say(3, action(1), Some(information(&pairs)), 0).await;
    peer.say(3, action(2), Some(information(&pairs)), 0).await;
    assert_eq!(peer.status().await, Status::SUCCESS);
    let (first, _) = event(peer.message().await);
    assert_eq!(peer.status().await, Status::SUCCESS);
    peer.say(3, event_response(first), None, 0).await;
    let (second, _) = event(peer.message().await);
    assert_eq!((first, second), (1, 2));
}

#[tokio::test]
async fn a_requester_that_has_left_gets_the_report_on_a_new_association_at_the_second_attempt_too()
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let study = ct("chest").size(32).slices(3);
    let policy = Policy {
        destinations: BTreeMap::from([(AeTitle::parse("PEER").unwrap(), address.into())]),
        commit_interval: Duration::from_millis(1),
        ..Policy::default()
    };
    let archive = holding(MockArchive::builder().policy(policy), &[&study]).await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    let asked = information(&pairs(&study));
    peer.say(3, action(1), Some(asked), 0).await;
    assert_eq!(peer.status().await, Status::SUCCESS);
    // The report that is on its way is passed over, as by one that has asked for release already.
    peer.send(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
    drop(peer);

    // The first attempt comes to nothing; there is a second.
    drop(listener.accept().await.unwrap());
    let (stream, _) = listener.accept().await.unwrap();
    let mut archive_as_user = Peer::over(stream);
    let Answer::Pdu(Pdu::AssociationRQ(request)) = archive_as_user.answer().await else {
        panic!("no association")
    };
    assert_eq!(request.calling_ae_title, "MOCK");
    assert_eq!(request.called_ae_title, "PEER");
    let as_provider = UserVariableItem::ScuScpRoleSelectionSubItem(
        CLASS.to_owned(),
        pdu::RequestorRoles {
            scu: false,
            scp: true,
        },
    );
    assert!(request.user_variables.contains(&as_provider));
    let accept = |context: &pdu::PresentationContextProposed| PresentationContextResult {
        id: context.id,
        reason: Reason::Acceptance,
        transfer_syntax: context.transfer_syntaxes[0].clone(),
    };
    let accepted = AssociationAC {
        protocol_version: 1,
        calling_ae_title: request.calling_ae_title.clone(),
        called_ae_title: request.called_ae_title.clone(),
        application_context_name: request.application_context_name.clone(),
        presentation_contexts: request.presentation_contexts.iter().map(accept).collect(),
        user_variables: vec![UserVariableItem::MaxLength(64), as_provider],
    };
    let mut bytes = Vec::new();
    pdu::write_pdu(&mut bytes, &Pdu::AssociationAC(accepted)).unwrap();
    archive_as_user.send(&bytes).await;
    let (message_id, event) = event(archive_as_user.message().await);
    assert_eq!((event.type_id, event.committed), (1, pairs(&study)));
    let response = event_response(message_id);
    archive_as_user.say(1, response, None, 0).await;
    let answer = archive_as_user.answer().await;
    assert!(matches!(answer, Answer::Pdu(Pdu::ReleaseRQ)), "{answer:?}");
    archive_as_user.send(&[6, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
    assert!(
        archive
            .journal()
            .to_string()
            .contains("report 1 of 3 failed")
    );
}

#[tokio::test]
async fn a_requester_that_has_left_and_is_not_known_is_told_of_in_the_journal() {
    let (archive, pairs) = holding_chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking()).await;
    peer.say(3, action(1), Some(information(&pairs)), 0).await;
    assert_eq!(peer.status().await, Status::SUCCESS);
    drop(peer);
    let told = async {
        while !archive
            .journal()
            .to_string()
            .contains("no address is known to report to PEER")
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told)
        .await
        .unwrap();
}
