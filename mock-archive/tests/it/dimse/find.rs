//! C-FIND: identifiers asked and answered (PS3.4 C.4.1).

use bytes::Bytes;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_fixtures::{Patient, Study, ct, mr};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Extension, Policy};
use dicom_object::InMemDicomObject;
use dicom_ul::pdu::{AssociationAC, AssociationRQ, UserVariableItem};
use dicom_wire::dimse::{CancelRequest, Command, FindRequest, Outcome, Priority, Status};

use super::peer::*;

/// Tags, their VR and what they have to look like.
type Keys<'a> = &'a [(Tag, VR, &'a str)];

/// What policy offers, for which class, what is proposed and what is answered.
type Extending<'a> = (&'a [Extension], &'a str, &'a [u8], &'a [u8]);

const LEVEL: Tag = tags::QUERY_RETRIEVE_LEVEL;

fn asking(class: &str) -> AssociationRQ {
    with_contexts(vec![context(1, class, &[EXPLICIT])])
}

fn find(class: &str) -> FindRequest {
    FindRequest {
        message_id: 8,
        sop_class: uid(class),
        priority: Priority::Medium,
    }
}

/// Matches with their statuses, and how it ended.
async fn matches(
    peer: &mut Peer,
    class: &str,
    asked: Bytes,
) -> (Vec<(Status, InMemDicomObject)>, Outcome) {
    peer.say(1, find(class), Some(asked), 0).await;
    let mut found = Vec::new();
    loop {
        let (Command::FindRsp(response), data_set) = peer.message().await else {
            panic!()
        };
        assert_eq!(response.message_id, 8);
        assert_eq!(response.sop_class, Some(uid(class)));
        match (response.outcome.status, data_set) {
            (status @ (Status::PENDING | Status::PENDING_UNSUPPORTED_KEYS), Some(bytes)) => {
                found.push((status, object(&bytes)))
            }
            (_, None) => return (found, response.outcome),
            (status, data_set) => panic!("{status} with {data_set:?}"),
        }
    }
}

async fn chest() -> (MockArchive, Study) {
    let study = ct("chest").size(32).slices(4);
    (
        holding(
            MockArchive::builder(),
            &[
                &study,
                &mr("brain")
                    .size(32)
                    .slices(1)
                    .with_patient(&Patient::new("OTHER", "Other^Patient")),
            ],
        )
        .await,
        study,
    )
}

#[tokio::test]
async fn a_match_holds_what_was_asked_and_no_more() {
    let (archive, study) = chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_FIND)).await;
    let asked = [
        (LEVEL, VR::CS, "STUDY"),
        (tags::MODALITIES_IN_STUDY, VR::CS, "CT"),
        (tags::PATIENT_ID, VR::LO, ""),
        (tags::ISSUER_OF_PATIENT_ID, VR::LO, ""),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
        (tags::NUMBER_OF_STUDY_RELATED_INSTANCES, VR::IS, ""),
    ];
    let (found, end) = matches(&mut peer, STUDY_FIND, identifier(&asked)).await;
    assert_eq!(end, Status::SUCCESS.into());
    let [(Status::PENDING, row)] = &found[..] else {
        panic!("{found:?}")
    };
    let mut expected: Vec<_> = asked
        .iter()
        .map(|(tag, ..)| *tag)
        .chain([tags::RETRIEVE_AE_TITLE])
        .collect();
    expected.sort();
    let tags_of = row
        .tags()
        .filter(|tag| *tag != tags::SPECIFIC_CHARACTER_SET)
        .collect::<Vec<_>>();
    assert_eq!(tags_of, expected);
    assert_eq!(text(row, LEVEL).unwrap(), "STUDY");
    assert_eq!(text(row, tags::RETRIEVE_AE_TITLE).unwrap(), "MOCK");
    assert_eq!(
        text(row, tags::STUDY_INSTANCE_UID).unwrap(),
        study.study_uid()
    );
    assert_eq!(
        text(row, tags::NUMBER_OF_STUDY_RELATED_INSTANCES).unwrap(),
        "4"
    );
}

#[tokio::test]
async fn all_levels_answer_under_their_parents() {
    let (archive, study) = chest().await;
    let instance = &study.instances()[0];
    let patient = text(&instance.object(), tags::PATIENT_ID).unwrap();
    let (mut peer, _) = Peer::associate(&archive, asking(PATIENT_FIND)).await;
    let up_to = |n: usize, level: &'static str, key: (Tag, VR, &'static str)| {
        let parents = [
            (tags::PATIENT_ID, VR::LO, patient.as_str()),
            (tags::STUDY_INSTANCE_UID, VR::UI, instance.study.as_str()),
            (tags::SERIES_INSTANCE_UID, VR::UI, instance.series.as_str()),
        ];
        let all: Vec<_> = [(LEVEL, VR::CS, level), key]
            .into_iter()
            .chain(parents.into_iter().take(n))
            .collect();
        identifier(&all)
    };
    let cases = [
        (up_to(0, "PATIENT", (tags::PATIENT_ID, VR::LO, "")), 2),
        (up_to(1, "STUDY", (tags::STUDY_INSTANCE_UID, VR::UI, "")), 1),
        (
            up_to(2, "SERIES", (tags::SERIES_INSTANCE_UID, VR::UI, "")),
            1,
        ),
        (up_to(3, "IMAGE", (tags::SOP_INSTANCE_UID, VR::UI, "")), 4),
    ];
    for (asked, expected) in cases {
        let (found, end) = matches(&mut peer, PATIENT_FIND, asked).await;
        assert_eq!(
            (found.len(), end.status),
            (expected, Status::SUCCESS),
            "{end:?}"
        );
    }
}

#[tokio::test]
async fn an_identifier_that_does_not_fit_the_model_is_refused_with_its_reason() {
    let (archive, study) = chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_FIND)).await;
    let series = study.series_uids();
    let cases: [(Keys<'_>, &str); 6] = [
        (
            &[(tags::PATIENT_ID, VR::LO, "")],
            "query/retrieve level is missing",
        ),
        (&[(LEVEL, VR::CS, "BOGUS")], "no such level: BOGUS"),
        (
            &[(LEVEL, VR::CS, "PATIENT")],
            "study root has no level PATIENT",
        ),
        (
            &[(LEVEL, VR::CS, "SERIES")],
            "level SERIES needs one Study Instance UID",
        ),
        (
            &[
                (LEVEL, VR::CS, "SERIES"),
                (tags::STUDY_INSTANCE_UID, VR::UI, "1.2\\1.3"),
            ],
            "level SERIES needs one Study Instance UID",
        ),
        (
            &[
                (LEVEL, VR::CS, "IMAGE"),
                (tags::SERIES_INSTANCE_UID, VR::UI, &series[0]),
            ],
            "level IMAGE needs one Study Instance UID",
        ),
    ];
    for (asked, why) in cases {
        let (found, end) = matches(&mut peer, STUDY_FIND, identifier(asked)).await;
        assert_eq!(found.len(), 0);
        assert_eq!(
            (end.status, end.comment.as_deref()),
            (Status::DOES_NOT_MATCH_CLASS, Some(why))
        );
    }
    let (found, end) = matches(
        &mut peer,
        STUDY_FIND,
        Bytes::from_static(b"garbage, not an identifier"),
    )
    .await;
    assert_eq!(
        (found.len(), end.status),
        (0, Status::CANNOT_UNDERSTAND),
        "{end:?}"
    );
}

/// The same, with extended negotiation for its class.
fn extending(class: &str, asked: &[u8]) -> AssociationRQ {
    let mut request = asking(class);
    request
        .user_variables
        .push(UserVariableItem::SopClassExtendedNegotiationSubItem(
            class.to_owned(),
            asked.to_vec(),
        ));
    request
}

/// The answers to extended negotiation.
fn extended(accepted: &AssociationAC) -> Vec<(String, Vec<u8>)> {
    let answer = |item: &UserVariableItem| match item {
        UserVariableItem::SopClassExtendedNegotiationSubItem(class, answer) => {
            Some((class.clone(), answer.clone()))
        }
        _ => None,
    };
    accepted.user_variables.iter().filter_map(answer).collect()
}

#[tokio::test]
async fn extensions_are_answered_as_asked_and_as_policy_says() {
    const STORAGE_COMMITMENT: &str = "1.2.840.10008.1.20.1";
    let all: &[Extension] = &Extension::ALL;
    let cases: [Extending<'_>; 6] = [
        (all, STUDY_FIND, &[1, 1, 1], &[1, 1, 1]),
        (all, STUDY_FIND, &[1, 0, 1, 1, 1], &[1, 0, 1, 0, 0]),
        (all, STUDY_FIND, &[1], &[1]),
        (&[Extension::Fuzzy], STUDY_FIND, &[1, 1, 1], &[0, 0, 1]),
        (all, STUDY_MOVE, &[1, 1], &[1, 0]),
        (&[], STUDY_GET, &[1], &[0]),
    ];
    for (offered, class, asked, answered) in cases {
        let policy = Policy {
            extensions: offered.iter().copied().collect(),
            ..Policy::default()
        };
        let archive = MockArchive::builder().policy(policy).start().await.unwrap();
        let (_, accepted) = Peer::associate(&archive, extending(class, asked)).await;
        assert_eq!(
            extended(&accepted),
            [(class.to_owned(), answered.to_vec())],
            "{class} {asked:?}"
        );
    }
    let archive = MockArchive::start().await;
    let (_, accepted) = Peer::associate(&archive, extending(VERIFICATION, &[1])).await;
    assert_eq!(extended(&accepted), []);
    let (_, accepted) = Peer::associate(&archive, extending(STORAGE_COMMITMENT, &[1])).await;
    assert_eq!(extended(&accepted), []);
    let (_, accepted) = Peer::associate(&archive, asking(STUDY_FIND)).await;
    assert_eq!(extended(&accepted), [], "unasked");
}

#[tokio::test]
async fn relational_queries_need_no_keys_above_once_negotiated() {
    let (archive, study) = chest().await;
    let series = &study.series_uids()[0];
    let all_series = identifier(&[
        (LEVEL, VR::CS, "SERIES"),
        (tags::SERIES_INSTANCE_UID, VR::UI, ""),
    ]);
    let one_series = identifier(&[
        (LEVEL, VR::CS, "IMAGE"),
        (tags::SERIES_INSTANCE_UID, VR::UI, series),
        (tags::SOP_INSTANCE_UID, VR::UI, ""),
    ]);
    for class in [STUDY_FIND, PATIENT_FIND] {
        let (mut peer, _) = Peer::associate(&archive, extending(class, &[1])).await;
        // One of CT, three of MR.
        let (found, end) = matches(&mut peer, class, all_series.clone()).await;
        assert_eq!((found.len(), end.status), (4, Status::SUCCESS), "{class}");
        let (found, end) = matches(&mut peer, class, one_series.clone()).await;
        assert_eq!((found.len(), end.status), (4, Status::SUCCESS), "{class}");
        let (mut peer, _) = Peer::associate(&archive, extending(class, &[0, 1, 1])).await;
        let (found, end) = matches(&mut peer, class, all_series.clone()).await;
        assert_eq!(
            (found.len(), end.status),
            (0, Status::DOES_NOT_MATCH_CLASS),
            "{class}"
        );
    }
}

#[tokio::test]
async fn names_and_moments_match_as_negotiated() {
    let archive = MockArchive::start().await;
    let study = ct("chest")
        .size(32)
        .slices(1)
        .with_patient(&Patient::new("M", "M\u{fc}ller^Anna"));
    let instance = &study.instances()[0];
    archive.archive().load(instance.bytes.clone()).unwrap();
    let object = instance.object();
    let date = text(&object, tags::STUDY_DATE).unwrap();
    let by_name = identifier(&[
        (LEVEL, VR::CS, "STUDY"),
        (tags::PATIENT_NAME, VR::PN, "MULLER^ANNA"),
    ]);
    // From the evening before to the evening of the day: one interval holds the study, two separate ranges do not.
    let dates = format!("20000101-{date}");
    let around = identifier(&[
        (LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_DATE, VR::DA, &dates),
        (tags::STUDY_TIME, VR::TM, "235958-235959"),
    ]);
    for (asked, expected) in [
        ([0, 0, 0], (0, 0)),
        ([0, 1, 0], (0, 1)),
        ([0, 0, 1], (1, 0)),
    ] {
        let (mut peer, _) = Peer::associate(&archive, extending(STUDY_FIND, &asked)).await;
        let names = matches(&mut peer, STUDY_FIND, by_name.clone())
            .await
            .0
            .len();
        let moments = matches(&mut peer, STUDY_FIND, around.clone()).await.0.len();
        assert_eq!((names, moments), expected, "{asked:?}");
    }
}

#[tokio::test]
async fn keys_that_mean_nothing_are_told_by_the_status() {
    let (archive, _) = chest().await;
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_FIND)).await;
    let asked = identifier(&[
        (LEVEL, VR::CS, "STUDY"),
        (Tag(0x0009, 0x1001), VR::LO, "PRIVATE"),
    ]);
    let (found, _) = matches(&mut peer, STUDY_FIND, asked).await;
    assert!(!found.is_empty());
    assert!(
        found
            .iter()
            .all(|(status, _)| *status == Status::PENDING_UNSUPPORTED_KEYS)
    );
}

#[tokio::test]
async fn no_pdu_is_longer_than_the_peer_said() {
    let (archive, _) = chest().await;
    let mut small = asking(STUDY_FIND);
    small.user_variables[0] = UserVariableItem::MaxLength(64);
    let (mut peer, _) = Peer::associate(&archive, small).await;
    let asked = identifier(&[
        (LEVEL, VR::CS, "STUDY"),
        (tags::PATIENT_NAME, VR::PN, ""),
        (tags::STUDY_DESCRIPTION, VR::LO, ""),
    ]);
    let (found, _) = matches(&mut peer, STUDY_FIND, asked).await;
    assert_eq!(found.len(), 2);
    assert!((33..=64).contains(&peer.longest), "{}", peer.longest);
}

#[tokio::test]
async fn a_search_that_is_cancelled_ends_as_cancelled() {
    let study = ct("chest").size(32).slices(1);
    let archive = holding(MockArchive::builder(), &[]).await;
    for seed in 0..300 {
        archive
            .archive()
            .load(study.clone().seed(seed).instances()[0].bytes.clone())
            .unwrap();
    }
    let (mut peer, _) = Peer::associate(&archive, asking(STUDY_FIND)).await;
    // Both at once: the cancel is there before the first match goes out.
    let message = |command: Command, data_set| {
        dicom_wire::dimse::Message {
            context: 1,
            command,
            data_set,
        }
        .to_pdus(0)
    };
    let asked = identifier(&[
        (LEVEL, VR::CS, "STUDY"),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
    ]);
    let both = [
        message(find(STUDY_FIND).into(), Some(asked.clone())),
        message(
            CancelRequest {
                message_id_responded_to: 8,
            }
            .into(),
            None,
        ),
    ];
    peer.send(&both.concat()).await;
    let mut pending = 0;
    let end = loop {
        match peer.message().await {
            (_, Some(_)) => pending += 1,
            (command, None) => break command.status().unwrap(),
        }
    };
    assert_eq!(end, Status::CANCEL);
    assert!(pending < 300, "{pending}");
    let (found, end) = matches(&mut peer, STUDY_FIND, asked).await;
    assert_eq!((found.len(), end.status), (300, Status::SUCCESS));
}

#[tokio::test]
async fn uids_in_responses_have_more_padding_than_is_due() {
    let study = ct("chest").size(16).slices(1);
    for (words, padding) in [("pad-uids", "\0\0"), ("pad-uids:with=blank", " ")] {
        let archive = holding(MockArchive::builder(), &[&study]).await;
        archive.inject(dicom_mock_archive::rule::Rule::parse(words).unwrap());
        let (mut peer, _) = Peer::associate(&archive, asking(STUDY_FIND)).await;
        let asked = identifier(&[
            (LEVEL, VR::CS, "STUDY"),
            (tags::STUDY_INSTANCE_UID, VR::UI, ""),
        ]);
        peer.say(1, find(STUDY_FIND), Some(asked), 0).await;
        let mut bytes = Vec::new();
        while bytes
            .windows(10)
            .all(|ten| ten != [0, 0, 0, 9, 2, 0, 0, 0, 0, 0])
        {
            bytes.extend(peer.pdu().await.unwrap().unwrap());
        }
        let holds = |uid: &str| {
            let padded = format!("{uid}{padding}");
            bytes
                .windows(padded.len())
                .any(|seen| seen == padded.as_bytes())
        };
        assert!(holds(STUDY_FIND), "{words}: the command set");
        assert!(holds(study.study_uid()), "{words}: the identifier");
    }
}
