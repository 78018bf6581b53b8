//! Associations: what is accepted, rejected and aborted (PS3.8 9.2, 9.3).

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{CutBody, FirstPdvOnly};
use dicom_mock_archive::moment::Manner;
use dicom_mock_archive::policy::{Called, Policy};
use dicom_mock_archive::rule::{Rule, associating, echoing};
use dicom_ul::ClientAssociationOptions;
use dicom_ul::pdu::{
    AssociationAC, AssociationRQ, PDataValue, PDataValueType, Pdu,
    PresentationContextResultReason as Reason, RequestorRoles, UserIdentity, UserIdentityType,
    UserVariableItem,
};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{Kind, Place, fragment};
use dicom_wire::dimse::{
    CancelRequest, Command, CommandSet, DataSet, EchoRequest, EchoResponse, NRequest, NService,
    Status, element,
};
use proptest::prelude::*;

use super::peer::*;

fn echo_bytes(message_id: u16) -> Bytes {
    Command::from(EchoRequest::new(message_id))
        .to_bytes(DataSet::Absent)
        .into()
}

async fn rejected(archive: &MockArchive, request: AssociationRQ) -> [u8; 3] {
    let mut peer = Peer::connect(archive.dimse_addr()).await;
    peer.send(&bytes_of(request)).await;
    let pdu = peer.pdu().await.unwrap().expect("closed without an answer");
    assert_eq!(pdu[0], 0x03, "{pdu:?}");
    [pdu[7], pdu[8], pdu[9]]
}

#[tokio::test]
async fn every_context_gets_its_own_answer() {
    let archive = MockArchive::start().await;
    let contexts = vec![
        context(1, VERIFICATION, &[IMPLICIT]),
        context(3, "1.2.840.10008.9.9.9", &[IMPLICIT]),
        context(5, VERIFICATION, &["1.2.3.4"]),
        context(7, STUDY_FIND, &["1.2.3.4", EXPLICIT, IMPLICIT]),
        context(
            9,
            "1.2.840.10008.5.1.4.1.1.2",
            &["1.2.840.10008.1.2.4.70", EXPLICIT],
        ),
        context(11, "1.2.840.10008.5.1.4.1.1.999", &[IMPLICIT]),
        context(13, "1.3.46.670589.5.0.1", &[IMPLICIT]),
        // A JPEG process that was retired can be kept all the same; what is no transfer syntax cannot.
        context(15, "1.2.840.10008.5.1.4.1.1.2", &["1.2.840.10008.1.2.4.53"]),
        context(17, "1.2.840.10008.5.1.4.1.1.2", &["1.2.840.10008.1.2.4.67"]),
    ];
    let (_, accepted) = Peer::associate(&archive, with_contexts(contexts)).await;
    let answers: Vec<_> = accepted
        .presentation_contexts
        .into_iter()
        .map(|c| (c.id, c.reason, c.transfer_syntax))
        .collect();
    let implicit = || IMPLICIT.to_owned();
    assert_eq!(
        answers,
        [
            (1, Reason::Acceptance, implicit()),
            (3, Reason::AbstractSyntaxNotSupported, implicit()),
            (5, Reason::TransferSyntaxesNotSupported, implicit()),
            (7, Reason::Acceptance, EXPLICIT.to_owned()),
            (9, Reason::Acceptance, "1.2.840.10008.1.2.4.70".to_owned()),
            (11, Reason::Acceptance, implicit()),
            (13, Reason::Acceptance, implicit()),
            (15, Reason::Acceptance, "1.2.840.10008.1.2.4.53".to_owned()),
            (17, Reason::TransferSyntaxesNotSupported, implicit()),
        ]
    );
}

#[tokio::test]
async fn all_128_contexts_are_answered() {
    let archive = MockArchive::start().await;
    let contexts = (0..128)
        .map(|n| context(n * 2 + 1, VERIFICATION, &[IMPLICIT]))
        .collect();
    let (_, accepted) = Peer::associate(&archive, with_contexts(contexts)).await;
    let ids: Vec<_> = accepted
        .presentation_contexts
        .iter()
        .map(|c| c.id)
        .collect();
    assert_eq!(ids, (0..128).map(|n| n * 2 + 1).collect::<Vec<u8>>());
}

#[tokio::test]
async fn the_acceptance_names_itself_and_returns_the_reserved_bytes() {
    let archive = MockArchive::start().await;
    let mut request = bytes_of(request());
    request[8..10].fill(0xFF);
    request[42..74].fill(0xAB);
    request[10..26].copy_from_slice(b"  MOCK          ");
    let mut peer = Peer::connect(archive.dimse_addr()).await;
    peer.send(&request).await;
    let answer = peer.pdu().await.unwrap().unwrap();
    assert_eq!(answer[0], 0x02);
    assert_eq!(answer[10..74], request[10..74]);
    let text = String::from_utf8_lossy(&answer);
    assert!(text.contains(dicom_wire::part10::IMPLEMENTATION_CLASS_UID));
    assert!(text.contains(dicom_wire::part10::IMPLEMENTATION_VERSION_NAME));
    assert!(
        answer.windows(4).any(|w| w == [0x51, 0, 0, 4]),
        "no maximum length"
    );
    assert!(
        !answer.windows(4).any(|w| w == [0x53, 0, 0, 4]),
        "asynchronous window unasked"
    );
}

#[tokio::test]
async fn only_bit_zero_of_the_version_counts() {
    let archive = MockArchive::start().await;
    let version = |protocol_version| AssociationRQ {
        protocol_version,
        ..request()
    };
    assert_eq!(rejected(&archive, version(0)).await, [1, 2, 2]);
    assert_eq!(rejected(&archive, version(2)).await, [1, 2, 2]);
    Peer::associate(&archive, version(3)).await;
}

#[tokio::test]
async fn another_application_context_is_rejected() {
    let archive = MockArchive::start().await;
    let other = AssociationRQ {
        application_context_name: "1.2.3.4.5".to_owned(),
        ..request()
    };
    assert_eq!(rejected(&archive, other).await, [1, 1, 2]);
}

#[tokio::test]
async fn ae_titles_are_checked_when_policy_says_so() {
    let policy = Policy {
        called: Called::Own,
        known_callers: Some(BTreeSet::from([AeTitle::parse("FRIEND").unwrap()])),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let titles = |called: &str, calling: &str| AssociationRQ {
        called_ae_title: called.to_owned(),
        calling_ae_title: calling.to_owned(),
        ..request()
    };
    assert_eq!(
        rejected(&archive, titles("OTHER", "FRIEND")).await,
        [1, 1, 7]
    );
    assert_eq!(
        rejected(&archive, titles("MOCK", "STRANGER")).await,
        [1, 1, 3]
    );
    Peer::associate(&archive, titles("MOCK", "FRIEND")).await;
}

#[tokio::test]
async fn unknown_user_information_is_ignored() {
    let archive = MockArchive::start().await;
    let mut odd = request();
    odd.user_variables
        .push(UserVariableItem::Unknown(0x77, vec![1, 2, 3]));
    let (mut peer, _) = Peer::associate(&archive, odd).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
    peer.release().await;
}

fn with_item(item: UserVariableItem) -> AssociationRQ {
    let mut request = request();
    request.user_variables.push(item);
    request
}

fn user(response: bool, kind: UserIdentityType, user: &str, secret: &str) -> AssociationRQ {
    let identity = UserIdentity::new(response, kind, user.into(), secret.into());
    with_item(UserVariableItem::UserIdentityItem(identity))
}

/// The bodies of the sub-items of this type in an acceptance.
fn answers(accepted: &AssociationAC, kind: u8) -> Vec<Vec<u8>> {
    let body = |item: &UserVariableItem| match item {
        UserVariableItem::Unknown(other, body) if *other == kind => Some(body.clone()),
        _ => None,
    };
    accepted.user_variables.iter().filter_map(body).collect()
}

#[tokio::test]
async fn users_are_checked_when_policy_lists_them() {
    use UserIdentityType::{Jwt, Username, UsernamePassword};
    let policy = Policy {
        logins: vec!["anna:open sesame".parse().unwrap(), "bert".parse().unwrap()],
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    for wrong in [
        request(),
        user(true, UsernamePassword, "anna", "open barley"),
        user(true, UsernamePassword, "carl", "open sesame"),
        user(true, Username, "anna", ""),
        user(true, Jwt, "anna", "open sesame"),
    ] {
        assert_eq!(rejected(&archive, wrong).await, [1, 1, 1]);
    }
    for (right, answered) in [
        (
            user(true, UsernamePassword, "anna", "open sesame"),
            vec![vec![0, 0]],
        ),
        (user(false, UsernamePassword, "anna", "open sesame"), vec![]),
        (user(true, Username, "bert", ""), vec![vec![0, 0]]),
    ] {
        let (mut peer, accepted) = Peer::associate(&archive, right).await;
        assert_eq!(answers(&accepted, 0x59), answered);
        assert_eq!(peer.echo().await, Status::SUCCESS);
    }
    let told = format!(
        "{:?}\n{}\n{:?}",
        archive.journal(),
        archive.journal(),
        archive
    );
    for secret in ["sesame", "barley", "anna"] {
        assert!(!told.contains(secret), "{told}");
    }
}

#[tokio::test]
async fn an_identity_that_nobody_checks_is_not_confirmed() {
    let archive = MockArchive::start().await;
    let asked = user(true, UserIdentityType::UsernamePassword, "anna", "x");
    let (mut peer, accepted) = Peer::associate(&archive, asked).await;
    assert_eq!(answers(&accepted, 0x59), Vec::<Vec<u8>>::new());
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn one_operation_at_a_time_is_agreed_to_when_more_are_proposed() {
    let archive = MockArchive::start().await;
    for proposed in [[0, 5, 0, 5], [0, 0, 0, 0]] {
        let asked = with_item(UserVariableItem::Unknown(0x53, proposed.to_vec()));
        let (_, accepted) = Peer::associate(&archive, asked).await;
        assert_eq!(answers(&accepted, 0x53), [[0, 1, 0, 1]]);
    }
}

#[tokio::test]
async fn common_extended_negotiation_is_not_answered() {
    let archive = MockArchive::start().await;
    let mut body = vec![0, 17];
    body.extend(VERIFICATION.bytes());
    body.extend([0, 4, b'1', b'.', b'2', b'0', 0, 0]);
    let asked = with_item(UserVariableItem::Unknown(0x57, body));
    let (mut peer, accepted) = Peer::associate(&archive, asked).await;
    assert_eq!(answers(&accepted, 0x57), Vec::<Vec<u8>>::new());
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn roles_are_never_granted_beyond_what_was_proposed() {
    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    let archive = MockArchive::start().await;
    for (scu, scp) in [(true, false), (false, true), (true, true), (false, false)] {
        let roles = RequestorRoles { scu, scp };
        let mut asked = with_contexts(vec![
            context(1, CT, &[IMPLICIT]),
            context(3, VERIFICATION, &[IMPLICIT]),
        ]);
        for class in [CT, VERIFICATION] {
            let item = UserVariableItem::ScuScpRoleSelectionSubItem(class.to_owned(), roles);
            asked.user_variables.push(item);
        }
        let (_, accepted) = Peer::associate(&archive, asked).await;
        for item in accepted.user_variables {
            if let UserVariableItem::ScuScpRoleSelectionSubItem(class, granted) = item {
                assert_eq!((class.as_str(), granted), (CT, roles));
            }
        }
    }
}

#[tokio::test]
async fn one_association_too_many_is_rejected_until_another_ends() {
    let policy = Policy {
        max_associations: Some(2),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let (first, _) = Peer::associate(&archive, request()).await;
    let (mut second, _) = Peer::associate(&archive, request()).await;
    assert_eq!(rejected(&archive, request()).await, [2, 3, 2]);
    assert_eq!(rejected(&archive, request()).await, [2, 3, 2]);
    first.release().await;
    let (mut third, _) = Peer::associate(&archive, request()).await;
    assert_eq!(rejected(&archive, request()).await, [2, 3, 2]);
    third.send(&[0x99, 0, 0, 0, 0, 0]).await;
    assert_eq!(third.aborted().await, (2, 1));
    Peer::associate(&archive, request()).await;
    assert_eq!(second.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn an_echo_is_answered_whatever_its_message_id() {
    let archive = MockArchive::start().await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    for message_id in [1, 0xFFFF, 0, 1] {
        peer.say(1, EchoRequest::new(message_id), None, 0).await;
        let response = EchoResponse {
            message_id,
            sop_class: Some(uid(VERIFICATION)),
            outcome: Status::SUCCESS.into(),
        };
        assert_eq!(peer.message().await, (response.into(), None));
    }
    peer.release().await;
}

#[tokio::test]
async fn commands_may_come_in_any_number_of_values() {
    let archive = MockArchive::start().await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    let two_bytes: Vec<_> = fragment(1, Kind::Command, echo_bytes(1), 8).collect();
    for pdu in two_bytes.chunks(1) {
        peer.send(&p_data(pdu)).await;
    }
    assert_eq!(peer.status().await, Status::SUCCESS);
    peer.send(&p_data(&two_bytes)).await;
    assert_eq!(peer.status().await, Status::SUCCESS);
    // Two whole messages in one PDU.
    let whole = value(1, Kind::Command, Place::Last, echo_bytes(2));
    peer.send(&p_data(&[whole.clone(), whole])).await;
    assert_eq!(peer.status().await, Status::SUCCESS);
    assert_eq!(peer.status().await, Status::SUCCESS);
}

#[tokio::test]
async fn pdus_may_come_byte_by_byte() {
    let archive = MockArchive::start().await;
    let mut peer = Peer::connect(archive.dimse_addr()).await;
    for byte in bytes_of(request()) {
        peer.send(&[byte]).await;
    }
    assert!(matches!(
        peer.answer().await,
        Answer::Pdu(Pdu::AssociationAC(_))
    ));
    for byte in p_data(&[value(1, Kind::Command, Place::Last, echo_bytes(1))]) {
        peer.send(&[byte]).await;
    }
    assert_eq!(peer.status().await, Status::SUCCESS);
}

#[tokio::test]
async fn what_the_protocol_does_not_allow_is_aborted() {
    let archive = MockArchive::start().await;
    let unknown_pdu: &[u8] = &[0x99, 0, 0, 0, 0, 2, 1, 2];
    let cases: [(&str, Bytes, (u8, u8)); 7] = [
        (
            "unnegotiated context",
            p_data(&[value(9, Kind::Command, Place::Last, echo_bytes(1))]),
            (2, 6),
        ),
        ("unknown PDU", Bytes::from_static(unknown_pdu), (2, 1)),
        ("second request", bytes_of(request()).into(), (2, 2)),
        (
            "data set first",
            p_data(&[value(1, Kind::DataSet, Place::Last, Bytes::new())]),
            (2, 6),
        ),
        (
            "item over the end",
            Bytes::from_static(&[4, 0, 0, 0, 0, 6, 0, 0, 1, 0, 1, 3]),
            (2, 6),
        ),
        ("no item", Bytes::from_static(&[4, 0, 0, 0, 0, 0]), (2, 6)),
        (
            "4 GiB",
            Bytes::from_static(&[4, 0, 0xFF, 0xFF, 0xFF, 0xFF]),
            (2, 6),
        ),
    ];
    for (what, bytes, expected) in cases {
        let (mut peer, _) = Peer::associate(&archive, request()).await;
        peer.send(&bytes).await;
        assert_eq!(peer.aborted().await, expected, "{what}");
    }
}

#[tokio::test]
async fn a_connection_has_to_start_with_a_request() {
    let archive = MockArchive::start().await;
    let cases: [&[u8]; 4] = [
        &[0x99, 0, 0, 0, 0, 2, 1, 2],
        &[4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 1, 3],
        &[1, 0, 0, 0, 0, 4, 0, 1, 0, 0],
        &[1, 0, 0xFF, 0xFF, 0xFF, 0xFF],
    ];
    for bytes in cases {
        let mut peer = Peer::connect(archive.dimse_addr()).await;
        peer.send(bytes).await;
        assert_eq!(peer.aborted().await, (0, 0), "{bytes:?}");
    }
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_asks_nothing_is_closed_when_policy_says() {
    let seven = Policy {
        artim_timeout: Duration::from_secs(7),
        ..Policy::default()
    };
    for (policy, seconds) in [(Policy::default(), 30), (seven, 7)] {
        let archive = MockArchive::builder().policy(policy).start().await.unwrap();
        let began = tokio::time::Instant::now();
        let mut peer = Peer::connect(archive.dimse_addr()).await;
        assert!(matches!(peer.answer().await, Answer::Closed));
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_association_is_aborted_when_policy_says() {
    let nine = Policy {
        idle_timeout: Duration::from_secs(9),
        ..Policy::default()
    };
    for (policy, seconds) in [(Policy::default(), 120), (nine, 9)] {
        let archive = MockArchive::builder().policy(policy).start().await.unwrap();
        let (mut peer, _) = Peer::associate(&archive, request()).await;
        let began = tokio::time::Instant::now();
        assert_eq!(peer.aborted().await, (2, 0));
        assert_eq!(began.elapsed().as_secs(), seconds);
    }
}

#[tokio::test]
async fn the_association_of_another_library_works() {
    let archive = MockArchive::start().await;
    let mut association = ClientAssociationOptions::new()
        .calling_ae_title("DICOM-RS")
        .called_ae_title("MOCK")
        .with_abstract_syntax(VERIFICATION)
        .establish_async(archive.dimse_addr())
        .await
        .unwrap();
    let data = vec![PDataValue {
        presentation_context_id: association.presentation_contexts()[0].id,
        value_type: PDataValueType::Command,
        is_last: true,
        data: echo_bytes(3).to_vec(),
    }];
    association.send(&Pdu::PData { data }).await.unwrap();
    let Pdu::PData { data } = association.receive().await.unwrap() else {
        panic!("no response")
    };
    let (response, _) = Command::from_bytes(&data[0].data).unwrap();
    assert_eq!(
        (response.message_id(), response.status()),
        (3, Some(Status::SUCCESS))
    );
    association.release().await.unwrap();
}

#[tokio::test]
async fn faults_end_an_answer_where_they_say() {
    let archive = MockArchive::start().await;
    archive.inject(
        Rule::when(echoing())
            .then(CutBody {
                after: 0,
                manner: Manner::Reset,
            })
            .once(),
    );
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(1, EchoRequest::new(1), None, 0).await;
    let answer = peer.answer().await;
    assert!(matches!(answer, Answer::Reset), "{answer:?}");

    archive.inject(Rule::when(associating()).then(FirstPdvOnly {}).once());
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
    peer.say(1, EchoRequest::new(1), None, 8).await;
    assert_eq!(peer.aborted().await, (2, 5));
}

#[tokio::test]
async fn an_operation_that_the_archive_does_not_know_is_answered_so() {
    let archive = MockArchive::start().await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    let get = NRequest {
        service: NService::Get,
        message_id: 4,
        sop_class: uid(VERIFICATION),
        sop_instance: Some(uid("1.2.840.10008.1.1")),
        type_id: None,
        attributes: vec![],
    };
    peer.say(1, get, None, 0).await;
    let (response, _) = peer.message().await;
    assert_eq!((response.name(), response.message_id()), ("N-GET-RSP", 4));
    assert_eq!(response.status(), Some(Status::UNRECOGNIZED_OPERATION));

    let mut unknown = Command::from(EchoRequest::new(5)).to_set(DataSet::Absent);
    unknown.put_number(element::COMMAND_FIELD, 0x0031);
    peer.say_set(1, unknown).await;
    let Answer::Data(values) = peer.answer().await else {
        panic!("no response")
    };
    let set = CommandSet::from_bytes(&values[0].data).unwrap();
    assert_eq!(responded_to(&set), Some(5));
    assert_eq!(set.number(element::COMMAND_FIELD), Ok(Some(0x8031)));
    assert_eq!(set.number(element::STATUS), Ok(Some(0x0211)));
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn a_cancel_of_nothing_is_ignored() {
    let archive = MockArchive::start().await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    peer.say(
        1,
        CancelRequest {
            message_id_responded_to: 9,
        },
        None,
        0,
    )
    .await;
    assert_eq!(peer.echo().await, Status::SUCCESS);
}

#[tokio::test]
async fn a_command_without_a_message_id_is_aborted() {
    let archive = MockArchive::start().await;
    let (mut peer, _) = Peer::associate(&archive, request()).await;
    let mut echo = Command::from(EchoRequest::new(5)).to_set(DataSet::Absent);
    echo.remove(element::MESSAGE_ID);
    peer.say_set(1, echo).await;
    assert_eq!(peer.aborted().await, (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_comes_the_next_association_works(garbage in proptest::collection::vec(any::<u8>(), 0..200), first: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let archive = MockArchive::start().await;
            let mut odd = if first {
                Peer::connect(archive.dimse_addr()).await
            } else {
                Peer::associate(&archive, request()).await.0
            };
            odd.send(&garbage).await;
            odd.reset();
            let (mut peer, _) = Peer::associate(&archive, request()).await;
            assert_eq!(peer.echo().await, Status::SUCCESS);
        });
    }
}
