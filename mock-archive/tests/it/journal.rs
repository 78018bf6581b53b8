use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{HttpStatus, RefuseInstance, StoreStatus};
use dicom_mock_archive::policy::Policy;
use dicom_mock_archive::rule::{Rule, echoing, searching, storing};
use dicom_wire::stow::FailureReason;

use crate::support::{CHEST, c_store, client, stow};

#[tokio::test]
async fn a_refused_slice_is_told_over_both_protocols() {
    let archive = MockArchive::start().await;
    let refuse = RefuseInstance {
        reason: FailureReason::OUT_OF_RESOURCES,
    };
    archive.inject(
        Rule::when(storing().instance(CHEST.uid(2)))
            .then(refuse)
            .times(2),
    );
    let four = &CHEST.instances()[..4];

    stow(&archive, four).await;
    c_store(&archive, four).await;
    stow(&archive, &four[2..3]).await;

    assert_eq!(archive.stored(), sorted(four));
    insta::assert_snapshot!(archive.journal());
}

#[tokio::test]
async fn searches_show_their_keys_and_no_values_of_patients() {
    let archive = MockArchive::start().await;
    archive.load(&CHEST).unwrap();
    let url = archive.web_url();
    for path in [
        "/studies?PatientName=Doe*&limit=1".to_owned(),
        format!("/studies/{}/series", CHEST.study_uid()),
        format!(
            "/instances?SOPInstanceUID={}&includefield=all",
            CHEST.uid(1)
        ),
        "/studies?StudyInstanceUID=1.2.3".to_owned(),
    ] {
        client().get(url.clone() + &path).send().await.unwrap();
    }

    let journal = archive.journal().to_string();

    assert!(!journal.contains("Doe"));
    insta::assert_snapshot!(journal);
}

#[tokio::test]
async fn the_json_form_has_everything_but_secrets_and_values_of_patients() {
    let archive = MockArchive::start().await;
    let url = archive.web_url() + "/studies?PatientID=NR-4711";
    client()
        .get(url)
        .basic_auth("alice", Some("sesame"))
        .send()
        .await
        .unwrap();

    let json = serde_json::to_value(archive.journal()).unwrap();

    let entry = &json[0];
    assert_eq!(entry["request"]["path"], "/dicomweb/studies");
    assert_eq!(entry["request"]["query"], "PatientID=…");
    assert_eq!(entry["request"]["connection"], 1);
    assert!(entry["at_ms"].is_u64());
    for secret in ["NR-4711", "sesame", "YWxpY2U6c2VzYW1l"] {
        assert!(!json.to_string().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_rule_that_never_acted_tells_where_it_nearly_did() {
    let archive = MockArchive::start().await;
    let other =
        archive.inject(Rule::when(storing().instance("1.2.3")).then(RefuseInstance::default()));
    let busy = archive.inject(Rule::when(searching()).then(HttpStatus::new(503)));
    let lie = archive.inject(Rule::when(storing()).then(StoreStatus {
        status: 200,
        instead_of: Some(202),
    }));
    let echo = archive.inject(Rule::when(echoing()).then(HttpStatus::new(503)));
    stow(&archive, &CHEST.instances()[..1]).await;

    let near: Vec<_> = archive
        .near_misses()
        .iter()
        .map(ToString::to_string)
        .collect();

    assert_eq!(archive.unused(), [other, busy, lie, echo]);
    assert_eq!(
        near,
        [
            "rule 1 did not act on exchange 1: all conditions hold but instance",
            "rule 3 did not act on exchange 1: all conditions hold, but store-status found nothing to change",
        ]
    );
    assert!(archive.verify(other, 0).is_ok());
    let error = archive.verify(other, 1).unwrap_err().to_string();
    assert!(
        error.starts_with("rule 1 acted 0 times where 1 were expected; rule 1 did not act"),
        "{error}"
    );
}

#[tokio::test]
async fn a_rule_that_waits_says_what_for() {
    let archive = MockArchive::start().await;
    for words in [
        "refuse-instance:after.instances=9",
        "refuse-instance:in-state=night",
        "refuse-instance:nth=2-3",
    ] {
        archive.inject(Rule::parse(words).unwrap());
    }
    stow(&archive, &CHEST.instances()[..1]).await;
    let near: Vec<_> = archive
        .near_misses()
        .into_iter()
        .map(|near| near.because)
        .collect();
    assert_eq!(
        near,
        [
            "all conditions hold, but what it comes after had not happened, or refuse-instance found nothing to change",
            "all conditions hold, but the scenario was not in state \"night\", or refuse-instance found nothing to change",
            "all conditions hold, but its turn had not come in 1 matches",
        ]
    );
}

fn sorted(instances: &[Instance]) -> Vec<String> {
    let mut uids: Vec<_> = instances
        .iter()
        .map(|one| one.sop_instance.clone())
        .collect();
    uids.sort();
    uids
}

#[tokio::test]
async fn the_journal_has_room_for_as_many_exchanges_as_policy_says_and_tells_what_it_dropped() {
    let policy = Policy {
        journal_limit: 2,
        ..Policy::default()
    };
    let builder = MockArchive::builder().policy(policy);
    let archive = builder.start().await.unwrap();
    for limit in 1..=5 {
        let url = format!("{}/studies?limit={limit}", archive.web_url());
        client().get(url).send().await.unwrap();
    }

    let journal = archive.journal();

    assert_eq!(journal.dropped(), 3);
    assert_eq!(
        journal.to_string(),
        "(3 older exchanges had no room)\n\
         4. GET /dicomweb/studies?limit=4 -> 204\n   0 of 0 matches\n\
         5. GET /dicomweb/studies?limit=5 -> 204\n   0 of 0 matches"
    );
}

#[tokio::test]
async fn an_exchange_of_a_great_many_instances_has_room_for_as_much_as_policy_says() {
    let policy = Policy {
        journal_notes: 4,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();

    stow(&archive, CHEST.instances()).await;

    let journal = archive.journal();
    let entry = &journal.entries()[0];
    // One of the notes is that it was admitted, and how it ended is told always.
    assert_eq!((entry.notes.len(), entry.left_out), (5, 7));
    let text = journal.to_string();
    assert!(text.contains("-> 200"), "{text}");
    assert!(text.ends_with("(7 more had no room)"), "{text}");
    assert_eq!(archive.stored().len(), 10);
}
