//! Files into the archive: what is told is what became of each.

use std::time::Duration;

use dicom_fixtures::{Patient, Study, conflict, ct};
use dicom_mcp_server::config::{Config, Permissions, Store};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{HttpStatus, RefuseInstance, RejectAssociation};
use dicom_mock_archive::rule::{Rule, associating, searching, storing};
use dicom_wire::stow::FailureReason;
use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;

/// An archive, a client that may store from a folder, and the folder.
struct Desk {
    archive: MockArchive,
    client: Client,
    folder: TempDir,
}

impl Desk {
    async fn with(studies: &[&Study]) -> Self {
        let archive = MockArchive::start().await;
        let config = Config::for_host(&archive.web_url()).unwrap();
        Self::of(archive, config, studies).await
    }

    /// The same over DIMSE alone.
    async fn over_dimse(studies: &[&Study]) -> Self {
        let archive = MockArchive::start().await;
        let address = archive.dimse_addr().to_string();
        let config = Config::for_dimse(&address, archive.ae_title().as_str()).unwrap();
        Self::of(archive, config, studies).await
    }

    async fn of(archive: MockArchive, mut config: Config, studies: &[&Study]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (number, study) in studies.iter().enumerate() {
            for (index, instance) in study.instances().iter().enumerate() {
                std::fs::write(
                    folder.path().join(format!("{number}-{index:02}.dcm")),
                    &instance.bytes,
                )
                .unwrap();
            }
        }
        config.permissions = Permissions::new(Store::On, &[folder.path().to_owned()]).unwrap();
        config.limits.retry_after = Duration::from_millis(5);
        Self {
            client: Client::of(config).await,
            archive,
            folder,
        }
    }

    async fn store(&self) -> crate::client::Reply {
        self.client
            .call("store-instances", json!({"paths": [self.folder.path()]}))
            .await
    }

    fn stored(&self) -> Vec<String> {
        self.archive
            .stored()
            .iter()
            .map(ToString::to_string)
            .collect()
    }
}

fn chest() -> Study {
    ct("chest").size(32).slices(10)
}

#[tokio::test]
async fn ten_slices_with_one_refused_tell_which_and_why() {
    let study = chest();
    let desk = Desk::with(&[&study]).await;
    let refused = study.uid(3);
    desk.archive.inject(
        Rule::when(storing().instance(refused)).then(RefuseInstance {
            reason: FailureReason::CANNOT_UNDERSTAND,
        }),
    );

    let reply = desk.store().await;

    let told = reply.refusal();
    assert!(told.contains("the archive answered 202"), "{told}");
    let line = told
        .lines()
        .find(|line| line.starts_with("refused | "))
        .unwrap();
    assert!(
        line.contains(refused)
            && line.contains("0-03.dcm")
            && line.contains("C000H, cannot understand"),
        "{line}"
    );
    assert_eq!(
        told.lines()
            .filter(|line| line.starts_with("stored | "))
            .count(),
        9
    );
    insta::assert_snapshot!(reply.told());

    let mut kept = study.uids();
    kept.retain(|uid| uid != refused);
    assert_eq!(desk.stored(), kept);
    insta::assert_snapshot!(
        "ten_slices_with_one_refused_journal",
        desk.archive.journal()
    );
}

#[tokio::test]
async fn what_was_refused_for_want_of_resources_is_sent_again_and_nothing_else() {
    let study = chest();
    let desk = Desk::with(&[&study]).await;
    desk.archive.inject(
        Rule::when(storing().instance(study.uid(3)))
            .then(RefuseInstance {
                reason: FailureReason::OUT_OF_RESOURCES,
            })
            .once(),
    );
    let reply = desk.store().await;
    assert!(
        reply
            .success()
            .starts_with("All that was sent is stored: 10 instances."),
        "{}",
        reply.text()
    );
    assert!(
        reply.text().contains("1 instance sent again, try 2"),
        "{}",
        reply.text()
    );
    assert_eq!(desk.stored(), study.uids());
}

#[tokio::test]
async fn a_busy_archive_is_tried_again_after_its_own_time() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::with(&[&study]).await;
    desk.archive.inject(
        Rule::when(storing())
            .then(HttpStatus::new(503).retry_after(0))
            .once(),
    );
    let reply = desk.store().await;
    assert!(
        reply
            .success()
            .starts_with("All that was sent is stored: 2 instances."),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn an_archive_that_stays_busy_is_given_up_with_its_status() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::with(&[&study]).await;
    desk.archive
        .inject(Rule::when(storing()).then(HttpStatus::new(503)));
    let told = desk.store().await.refusal();
    assert!(
        told.contains("of 2 instances sent, 0 stored, 2 refused, 0 unknown"),
        "{told}"
    );
    assert!(told.contains("503 Service Unavailable"), "{told}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_told_and_not_waited_for() {
    let study = ct("chest").size(32).slices(1);
    let desk = Desk::with(&[&study]).await;
    desk.archive
        .inject(Rule::when(storing()).then(HttpStatus::new(503).retry_after(3600)));
    let told = desk.store().await.refusal();
    assert!(told.contains("the archive asks to wait 3600 s"), "{told}");
}

#[tokio::test]
async fn a_study_of_two_patients_is_held_back() {
    let (mine, other) = conflict();
    let desk = Desk::with(&[&mine, &other]).await;
    let told = desk.store().await.refusal();
    assert!(
        told.starts_with("Nothing was sent.") && told.contains("two Patient IDs"),
        "{told}"
    );
    assert!(desk.stored().is_empty());
}

#[tokio::test]
async fn what_is_no_instance_is_not_sent_and_no_loss() {
    let study = ct("chest")
        .size(32)
        .slices(2)
        .with_patient(&Patient::new("P-1", "DOE^JANE"));
    let desk = Desk::with(&[&study]).await;
    std::fs::write(desk.folder.path().join("notes.txt"), "remember the milk").unwrap();
    std::fs::copy(
        desk.folder.path().join("0-00.dcm"),
        desk.folder.path().join("copy.dcm"),
    )
    .unwrap();
    let mut cut = study.instances()[0].bytes.to_vec();
    cut.truncate(200);
    std::fs::write(desk.folder.path().join("cut.dcm"), cut).unwrap();

    let dry = desk
        .client
        .call(
            "store-instances",
            json!({"paths": [desk.folder.path()], "dryRun": true}),
        )
        .await;
    assert_eq!(dry.structured()["sent"], 0);
    assert!(desk.stored().is_empty());
    insta::assert_snapshot!("store_dry_run", dry.text());

    let reply = desk.store().await;
    assert_eq!(reply.structured()["stored"], 2, "{}", reply.text());
    insta::assert_snapshot!("store_with_other_files", reply.text());
}

#[tokio::test]
async fn an_archive_that_claims_what_it_does_not_keep_is_not_believed() {
    let study = chest();
    let desk = Desk::with(&[&study]).await;
    desk.archive
        .inject(Rule::named("stow.claims-stored-but-not").unwrap());
    let reply = desk.store().await;
    let stored = desk.stored();
    for instance in reply.structured()["instances"].as_array().unwrap() {
        let uid = instance["sopInstanceUid"].as_str().unwrap().to_owned();
        assert_eq!(
            instance["outcome"] == "stored",
            stored.contains(&uid),
            "{instance}"
        );
    }
    assert!(reply.is_error(), "{}", reply.text());
}

#[tokio::test]
async fn a_dead_archive_is_told_for_every_instance() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::with(&[&study]).await;
    let mut config = Config::for_host("http://127.0.0.1:1/dicomweb").unwrap();
    config.permissions = Permissions::new(Store::On, &[desk.folder.path().to_owned()]).unwrap();
    config.limits.retry_after = Duration::from_millis(1);
    let client = Client::of(config).await;
    let reply = client
        .call("store-instances", json!({"paths": ["."]}))
        .await;
    assert!(
        reply
            .refusal()
            .contains("no connection to http://127.0.0.1:1"),
        "{}",
        reply.text()
    );
    assert_eq!(reply.structured()["refused"], 2);
}

#[tokio::test]
async fn a_claim_that_no_search_can_confirm_is_unknown() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::with(&[&study]).await;
    desk.archive
        .inject(Rule::when(searching()).then(HttpStatus::new(500)));
    let reply = desk.store().await;
    let told = reply.refusal();
    assert!(told.contains("0 stored, 0 refused, 2 unknown"), "{told}");
    assert!(
        told.contains(
            "could not be confirmed: could not search instances: the archive answered 500"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn a_search_that_fails_once_is_made_again_before_anything_is_unknown() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::with(&[&study]).await;
    desk.archive
        .inject(Rule::when(searching()).then(HttpStatus::new(503)).once());
    assert_eq!(desk.store().await.structured()["stored"], 2);
}

/// PS3.8 9.3.4: rejected by the presentation service, local limit exceeded.
fn rejected(result: u8) -> RejectAssociation {
    RejectAssociation {
        result,
        source: 3,
        reason: 2,
    }
}

#[tokio::test]
async fn an_archive_with_no_association_left_is_asked_again() {
    let study = ct("chest").size(32).slices(3);
    let desk = Desk::over_dimse(&[&study]).await;
    // The question what it takes, the instances, and two searches for them.
    let rule = desk
        .archive
        .inject(Rule::when(associating()).then(rejected(2)).times(4));
    let reply = desk.store().await;
    assert!(
        reply
            .success()
            .starts_with("All that was sent is stored: 3 instances."),
        "{}",
        reply.text()
    );
    assert_eq!(desk.stored(), study.uids());
    desk.archive.verify(rule, 4).unwrap();
}

#[tokio::test]
async fn an_archive_that_never_has_an_association_left_is_given_up() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::over_dimse(&[&study]).await;
    desk.archive
        .inject(Rule::when(associating()).then(rejected(2)));
    let told = desk.store().await.refusal();
    assert!(
        told.contains("of 2 instances sent, 0 stored, 2 refused, 0 unknown"),
        "{told}"
    );
    assert!(told.contains("rejected the association"), "{told}");
    let asked = desk.archive.rules()[0].fired;
    assert!((4..=20).contains(&asked), "{asked} associations");
}

#[tokio::test]
async fn an_archive_that_rejects_for_good_is_asked_once() {
    let study = ct("chest").size(32).slices(2);
    let desk = Desk::over_dimse(&[&study]).await;
    let rule = desk
        .archive
        .inject(Rule::when(associating()).then(rejected(1)));
    let told = desk.store().await.refusal();
    assert!(told.contains("rejected the association"), "{told}");
    desk.archive.verify(rule, 1).unwrap();
}

#[tokio::test]
async fn over_dimse_too_what_was_refused_for_want_of_resources_is_sent_again_and_nothing_else() {
    let study = ct("chest").size(32).slices(4);
    for reason in [0xA700, 0xA7FE] {
        let desk = Desk::over_dimse(&[&study]).await;
        desk.archive.inject(
            Rule::when(storing().instance(study.uid(2)))
                .then(RefuseInstance {
                    reason: FailureReason(reason),
                })
                .once(),
        );
        let reply = desk.store().await;
        assert!(
            reply.success().contains("1 instance sent again, try 2"),
            "{}",
            reply.text()
        );
        assert_eq!(desk.stored(), study.uids());
    }
    // Another patient under the study, as dcm4chee says it, stays so however often it is sent.
    let desk = Desk::over_dimse(&[&study]).await;
    let refused =
        desk.archive.inject(
            Rule::when(storing().instance(study.uid(2))).then(RefuseInstance {
                reason: FailureReason(0xA778),
            }),
        );
    assert!(desk.store().await.is_error());
    desk.archive.verify(refused, 1).unwrap();
}
