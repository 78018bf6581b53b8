//! The scenarios that come with the archive, each seen doing what it says.

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Delete, Policy};
use dicom_mock_archive::scenario::{self, Scenario};

use crate::dimse::peer::{Answer, Peer, request};
use crate::support::{CHEST, c_store, client, stow, stow_request_of};

async fn playing(name: &str) -> MockArchive {
    let policy = Policy {
        delete: Delete::Allowed,
        ..Policy::default()
    };
    let scenario = Scenario::shipped(name).unwrap();
    let builder = MockArchive::builder().policy(policy).scenario(scenario);
    builder.start().await.unwrap()
}

/// Statuses of searches, each on a connection of its own; 0 where the connection ended first.
async fn statuses(archive: &MockArchive, number: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..number {
        let answer = client().get(archive.web_url() + "/studies").send().await;
        statuses.push(answer.map_or(0, |answer| answer.status().as_u16()));
    }
    statuses
}

fn one(number: usize) -> [&'static Instance; 1] {
    [&CHEST.instances()[number]]
}

#[test]
fn each_scenario_has_a_test_here() {
    let source = include_str!("scenarios.rs");
    for name in scenario::names() {
        assert!(source.contains(&format!("playing({name:?})")), "{name}");
    }
}

#[tokio::test]
async fn one_instance_of_each_upload_is_refused() {
    let archive = playing("partial-store").await;
    let (status, account) = stow(&archive, &CHEST.instances()[..3]).await;
    assert_eq!(
        (status, account.referenced.len(), account.failed.len()),
        (202, 2, 1)
    );
}

#[tokio::test]
async fn compressed_instances_are_refused() {
    let archive = playing("unsupported-transfer-syntax").await;
    let rle = CHEST.clone().encode(dicom_fixtures::TransferSyntax::Rle);
    assert_eq!(
        stow(&archive, &rle.instances()[..1]).await.1.failed[0]
            .reason
            .unwrap()
            .0,
        0xC122
    );
    assert_eq!(stow(&archive, one(0)).await.0, 200);
}

#[tokio::test]
async fn an_instance_of_another_patient_is_refused() {
    let archive = playing("conflicting-patient").await;
    let (first, second) = dicom_fixtures::conflict();
    stow(&archive, first.instances()).await;
    let (_, account) = stow(&archive, &second.instances()[..1]).await;
    assert_eq!(account.failed[0].reason.unwrap().0, 0xA778);
}

#[tokio::test]
async fn an_overloaded_archive_recovers() {
    let archive = playing("overloaded-archive").await;
    let seen = statuses(&archive, 21).await;
    assert_eq!(seen[..10], [204; 10]);
    assert_eq!(seen[10..20], [503; 10]);
    assert_eq!(seen[20], 204);
    statuses(&archive, 10).await;
    let (_, answer) = Peer::ask(&archive, request()).await;
    assert!(
        matches!(answer, Answer::Pdu(dicom_ul::pdu::Pdu::AssociationRJ(_))),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_archive_that_restarts_is_away_for_a_while_and_has_all_that_it_had() {
    let archive = playing("nightly-restart").await;
    let client = client();
    for number in 0..5 {
        let sent = stow_request_of(&client, &archive, one(number))
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 200);
        sent.bytes().await.unwrap();
    }
    let sent = stow_request_of(&client, &archive, one(5)).send().await;
    assert!(sent.is_ok_and(|answer| answer.status() == 503));
    assert_eq!(statuses(&archive, 2).await, [0, 0]);
    assert!(matches!(
        Peer::ask(&archive, request()).await.1,
        Answer::Reset | Answer::Closed
    ));
    while statuses(&archive, 1).await == [0] {}
    assert_eq!(stow(&archive, one(5)).await.0, 200);
    assert_eq!(archive.stored().len(), 6);
}

#[tokio::test]
async fn a_token_expires_until_it_is_renewed() {
    let archive = playing("expiring-token").await;
    assert_eq!(statuses(&archive, 10).await, [204; 10]);
    assert_eq!(statuses(&archive, 2).await, [401; 2]);
    let renewed = client()
        .get(archive.web_url() + "/studies")
        .bearer_auth("renewed-1")
        .send();
    assert_eq!(renewed.await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_flaky_network_resets_some_connections_the_same_way_every_time() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let archive = playing("flaky-network").await;
        let mut kept = Vec::new();
        for number in 0..10 {
            let client = client();
            let big = dicom_fixtures::ct("chest").size(128).seed(number).slices(1);
            let sent = stow_request_of(&client, &archive, big.instances())
                .send()
                .await;
            kept.push(sent.is_ok());
        }
        runs.push(kept);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(
        runs[0].contains(&false) && runs[0].contains(&true),
        "{runs:?}"
    );
}

#[tokio::test]
async fn a_proxy_masks_errors() {
    let archive = playing("error-masking-proxy").await;
    let (status, account) = stow(&archive, &CHEST.instances()[..2]).await;
    assert_eq!((status, account.failed.len()), (200, 1));
    let mut types = Vec::new();
    for _ in 0..3 {
        let answer = client()
            .get(archive.web_url() + "/studies")
            .send()
            .await
            .unwrap();
        let media = answer.headers().get("Content-Type");
        types.push(media.is_some_and(|media| media.to_str().unwrap().starts_with("text/html")));
    }
    assert_eq!(types, [false, false, true]);
}

#[tokio::test]
async fn one_in_a_hundred_is_lost_though_it_was_acknowledged() {
    let archive = playing("loses-one-in-a-hundred").await;
    let study = dicom_fixtures::ct("chest").size(4).slices(300);
    let (status, account) = stow(&archive, study.instances()).await;
    assert_eq!((status, account.referenced.len()), (200, 300));
    let lost = 300 - archive.stored().len();
    assert!((1..=9).contains(&lost), "{lost} of 300");
}

#[tokio::test]
async fn a_series_grows() {
    let archive = playing("growing-series").await;
    let statuses = c_store(&archive, &CHEST.instances()[..2]).await;
    assert!(statuses.iter().all(|status| status.0 == 0));
    let url = format!("{}/instances", archive.web_url());
    let mut rows = 0;
    while rows < 2 {
        let request = client()
            .get(&url)
            .header("Accept", "application/dicom+json");
        let body = request.send().await.unwrap().bytes().await.unwrap();
        rows = match body.is_empty() {
            true => 0,
            false => serde_json::from_slice::<Vec<serde_json::Value>>(&body)
                .unwrap()
                .len(),
        };
    }
}

#[tokio::test]
async fn a_full_disk_takes_nothing_until_something_is_deleted() {
    let archive = playing("full-disk").await;
    let big = dicom_fixtures::ct("chest").size(512).slices(3);
    assert_eq!(stow(&archive, &big.instances()[..2]).await.0, 200);
    assert_eq!(
        stow(&archive, &big.instances()[2..]).await.1.failed[0]
            .reason
            .unwrap()
            .0,
        0xA700
    );
    assert_eq!(c_store(&archive, &big.instances()[2..]).await[0].0, 0xA700);
    let url = format!("{}/studies/{}", archive.web_url(), big.study_uid());
    assert_eq!(client().delete(url).send().await.unwrap().status(), 204);
    assert_eq!(stow(&archive, &big.instances()[2..]).await.0, 200);
}
