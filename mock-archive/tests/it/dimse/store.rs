//! C-STORE: what is kept, and what the client is told (PS3.7 9.1.1, PS3.4 B.2.3).

use bytes::Bytes;
use dicom_core::Tag;
use dicom_fixtures::{Study, TransferSyntax, ct, mr, report_measurements};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{RefuseInstance, RejectAssociation};
use dicom_mock_archive::policy::{Accepts, Policy, Validation};
use dicom_mock_archive::rule::{Rule, associating, storing};
use dicom_ul::pdu::{Pdu, PresentationContextResultReason as Reason};
use dicom_wire::dimse::pdv::{Kind, Place, fragment};
use dicom_wire::dimse::{Command, DataSet, Status, StatusClass};
use dicom_wire::stow::FailureReason;

use super::peer::*;

async fn send(archive: &MockArchive, study: &Study) -> Vec<Status> {
    let asked = for_storing(study.instances(), &[]);
    let (mut peer, _) = Peer::associate(archive, asked.clone()).await;
    let mut statuses = Vec::new();
    for instance in study.instances() {
        let response = peer.store(&asked, instance).await;
        assert_eq!(response.message_id, 3);
        assert_eq!(response.sop_class, Some(uid(&instance.sop_class)));
        assert_eq!(response.sop_instance, Some(uid(&instance.sop_instance)));
        statuses.push(response.outcome.status);
    }
    peer.release().await;
    statuses
}

#[tokio::test]
async fn what_is_stored_is_there() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(32).slices(3);
    assert_eq!(send(&archive, &study).await, [Status::SUCCESS; 3]);
    assert_eq!(archive.stored(), study.uids());
    insta::assert_snapshot!(archive.journal());
}

#[tokio::test]
async fn every_transfer_syntax_is_stored_as_it_came() {
    let archive = MockArchive::start().await;
    for (seed, syntax) in TransferSyntax::ALL.into_iter().enumerate() {
        let study = ct("chest")
            .size(32)
            .slices(1)
            .seed(seed as u64)
            .encode(syntax);
        assert_eq!(
            send(&archive, &study).await,
            [Status::SUCCESS],
            "{syntax:?}"
        );
    }
    assert_eq!(archive.stored().len(), TransferSyntax::ALL.len());
}

#[tokio::test]
async fn an_image_that_lacks_something_is_stored_with_a_warning_as_over_http() {
    let policy = Policy {
        validation: Validation::Warn,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let study = ct("chest").size(32).slices(1);
    assert_eq!(send(&archive, &study).await, [Status::SUCCESS]);
    let nameless = study.with(dicom_dictionary_std::tags::MODALITY, "");
    assert_eq!(send(&archive, &nameless.seed(2)).await, [Status(0xB007)]);
}

#[tokio::test]
async fn one_refused_instance_does_not_stop_the_others() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(32).slices(3);
    let refused = RefuseInstance {
        reason: FailureReason::OUT_OF_RESOURCES,
    };
    archive.inject(
        Rule::when(storing().instance(uid(study.uid(1))))
            .then(refused)
            .once(),
    );
    assert_eq!(
        send(&archive, &study).await,
        [Status::SUCCESS, Status::OUT_OF_RESOURCES, Status::SUCCESS]
    );
    assert!(!archive.stored().contains(&uid(study.uid(1))));
    assert_eq!(send(&archive, &study).await, [Status::SUCCESS; 3]);
    assert_eq!(archive.stored(), study.uids());
}

#[tokio::test]
async fn a_rejected_association_is_rejected_as_told() {
    let archive = MockArchive::start().await;
    let told = RejectAssociation {
        result: 2,
        source: 3,
        reason: 2,
    };
    archive.inject(Rule::when(associating()).then(told).once());
    let (_, answer) = Peer::ask(&archive, request()).await;
    assert!(
        matches!(answer, Answer::Pdu(Pdu::AssociationRJ(_))),
        "{answer:?}"
    );
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn what_policy_does_not_take_is_refused_in_the_context() {
    let policy = Policy {
        transfer_syntaxes: Accepts::Only([uid(EXPLICIT)].into()),
        sop_classes: Accepts::Except(
            [uid(&mr("brain").size(32).slices(1).instances()[0].sop_class)].into(),
        ),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let plain = ct("chest").size(32).slices(1);
    let rle = ct("chest").size(32).slices(1).encode(TransferSyntax::Rle);
    let mr = mr("brain").size(32).slices(1);
    let all = plain.and(rle).and(mr);
    let (_, accepted) = Peer::associate(&archive, for_storing(all.instances(), &[])).await;
    let mut reasons: Vec<_> = accepted
        .presentation_contexts
        .into_iter()
        .map(|c| c.reason)
        .collect();
    reasons.remove(0);
    assert_eq!(
        reasons,
        [
            Reason::Acceptance,
            Reason::TransferSyntaxesNotSupported,
            Reason::AbstractSyntaxNotSupported
        ]
    );
}

#[tokio::test]
async fn a_data_set_may_come_in_any_number_of_values() {
    let archive = MockArchive::start().await;
    let study = report_measurements();
    let instance = &study.instances()[0];
    let asked = for_storing(study.instances(), &[]);
    let context = Peer::context_of(&asked, &instance.sop_class, &instance.transfer_syntax);
    let (mut peer, _) = Peer::associate(&archive, asked).await;
    let command = Command::from(store_request(1, instance)).to_bytes(DataSet::Present);
    let command = fragment(context, Kind::Command, command.into(), 9);
    let values: Vec<_> = command
        .chain(fragment(context, Kind::DataSet, data_set(instance), 9))
        .collect();
    for some in values.chunks(1000) {
        peer.send(&p_data(some)).await;
    }
    assert_eq!(peer.status().await, Status::SUCCESS);
    assert_eq!(archive.stored(), study.uids());
}

#[tokio::test]
async fn nothing_is_stored_of_an_association_that_ends_midway() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(32).slices(1);
    let instance = &study.instances()[0];
    let asked = for_storing(study.instances(), &[]);
    let context = Peer::context_of(&asked, &instance.sop_class, &instance.transfer_syntax);
    for abort in [true, false] {
        let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;
        let command = Command::from(store_request(1, instance)).to_bytes(DataSet::Present);
        peer.send(&p_data(&[value(
            context,
            Kind::Command,
            Place::Last,
            command.into(),
        )]))
        .await;
        let whole = data_set(instance);
        let half = whole.slice(..whole.len() / 2);
        peer.send(&p_data(&[value(
            context,
            Kind::DataSet,
            Place::Inner,
            half,
        )]))
        .await;
        if abort {
            peer.send(&[7, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
            assert!(matches!(peer.answer().await, Answer::Closed));
        } else {
            peer.reset();
        }
    }
    assert_eq!(archive.stored(), Vec::<String>::new());
    assert_eq!(send(&archive, &study).await, [Status::SUCCESS]);
}

#[tokio::test]
async fn what_cannot_be_understood_fails_alone() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(32).slices(2);
    let [good, other] = study.instances() else {
        panic!()
    };
    let asked = for_storing(study.instances(), &[]);
    let context = Peer::context_of(&asked, &good.sop_class, &good.transfer_syntax);
    let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;
    let garbage = Bytes::from_static(b"this is no data set, whatever one expects");
    let whole = data_set(good);
    let without_study = {
        let mut object = object(&whole);
        object.remove_element(Tag(0x0020, 0x000D));
        let mut bytes = Vec::new();
        let syntax = dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN.erased();
        object.write_dataset_with_ts(&mut bytes, &syntax).unwrap();
        bytes
    };
    for broken in [
        garbage,
        Bytes::new(),
        whole.slice(..whole.len() - 100),
        without_study.into(),
    ] {
        peer.say(context, store_request(1, good), Some(broken), 16_384)
            .await;
        let status = peer.status().await;
        assert_eq!(status.class(), StatusClass::Failure);
        assert_eq!(status.0 & 0xF000, 0xC000, "{status}");
    }
    assert_eq!(
        peer.store(&asked, other).await.outcome.status,
        Status::SUCCESS
    );
    assert_eq!(archive.stored(), [other.sop_instance.as_str()]);
}

#[tokio::test]
async fn a_data_set_has_to_be_what_the_request_says() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(32).slices(2);
    let [first, second] = study.instances() else {
        panic!()
    };
    let asked = for_storing(study.instances(), &["1.2.840.10008.5.1.4.1.1.4"]);
    let (mut peer, _) = Peer::associate(&archive, asked.clone()).await;
    // Another instance than announced.
    let context = Peer::context_of(&asked, &first.sop_class, &first.transfer_syntax);
    peer.say(
        context,
        store_request(1, first),
        Some(data_set(second)),
        16_384,
    )
    .await;
    assert_eq!(peer.status().await, Status::DOES_NOT_MATCH_CLASS);
    // Another class than the context's.
    let context = Peer::context_of(&asked, "1.2.840.10008.5.1.4.1.1.4", EXPLICIT);
    peer.say(
        context,
        store_request(1, first),
        Some(data_set(first)),
        16_384,
    )
    .await;
    assert_eq!(peer.status().await, Status::CLASS_NOT_SUPPORTED);
    // No data set at all.
    peer.say(context, store_request(1, first), None, 0).await;
    assert_eq!(peer.status().await, Status::MISTYPED_ARGUMENT);
    assert_eq!(archive.stored(), Vec::<String>::new());
}
