//! Deleting over HTTP.

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Delete, Policy};
use dicom_mock_archive::store::Storage;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{CHEST, client, stow};

async fn open(storage: Storage) -> MockArchive {
    let policy = Policy {
        delete: Delete::Allowed,
        ..Policy::default()
    };
    let builder = MockArchive::builder().policy(policy).storage(storage);
    builder.start().await.unwrap()
}

async fn ask(archive: &MockArchive, method: Method, path: &str) -> reqwest::Response {
    client()
        .request(method, archive.web_url() + path)
        .header("Accept", "application/dicom+json")
        .send()
        .await
        .unwrap()
}

async fn status(archive: &MockArchive, method: Method, path: &str) -> StatusCode {
    ask(archive, method, path).await.status()
}

fn series(instance: &Instance) -> String {
    format!("/studies/{}/series/{}", instance.study, instance.series)
}

#[tokio::test]
async fn instances_cannot_be_deleted_unless_policy_has_it() {
    let archive = MockArchive::start().await;
    stow(&archive, &CHEST.instances()[..1]).await;
    let path = series(&CHEST.instances()[0]);

    let answer = ask(&archive, Method::DELETE, &path).await;

    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(
        !answer.headers()["allow"]
            .to_str()
            .unwrap()
            .contains("DELETE")
    );
    assert_eq!(archive.stored().len(), 1);
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_every_answer() {
    let archive = open(Storage::memory()).await;
    let slices = &CHEST.instances()[..3];
    stow(&archive, slices).await;
    let series = series(&slices[0]);
    let first = format!("{series}/instances/{}", slices[0].sop_instance);
    let study = format!("/studies/{}", slices[0].study);
    let counted = || async {
        let url = format!("/studies?StudyInstanceUID={}", slices[0].study);
        let rows = ask(&archive, Method::GET, &url)
            .await
            .bytes()
            .await
            .unwrap();
        let rows: Value = serde_json::from_slice(&rows).unwrap();
        rows[0]["00201208"]["Value"][0].as_i64()
    };

    assert_eq!(counted().await, Some(3));
    assert_eq!(status(&archive, Method::DELETE, &first).await, 204);
    assert_eq!(
        status(&archive, Method::GET, &format!("{first}/metadata")).await,
        404
    );
    assert_eq!(status(&archive, Method::DELETE, &first).await, 404);
    assert_eq!(counted().await, Some(2));

    assert_eq!(status(&archive, Method::DELETE, &series).await, 204);
    assert_eq!(
        status(&archive, Method::GET, &format!("{series}/metadata")).await,
        404
    );
    assert_eq!(status(&archive, Method::GET, "/studies").await, 204);

    stow(&archive, slices).await;
    assert_eq!(status(&archive, Method::DELETE, &study).await, 204);
    assert_eq!(
        status(&archive, Method::GET, &format!("{study}/metadata")).await,
        404
    );
    assert!(archive.stored().is_empty());
    assert!(archive.journal().to_string().contains("3 deleted"));
}

#[tokio::test]
async fn a_deleted_instance_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let archive = open(Storage::directory(folder.path()).unwrap()).await;
    stow(&archive, &CHEST.instances()[..1]).await;
    let series = series(&CHEST.instances()[0]);
    let on_disk = folder
        .path()
        .join(series.replace("/studies/", "").replace("/series", ""));
    assert_eq!(std::fs::read_dir(&on_disk).unwrap().count(), 1);

    assert_eq!(status(&archive, Method::DELETE, &series).await, 204);

    assert_eq!(std::fs::read_dir(&on_disk).unwrap().count(), 0);
}

#[tokio::test]
async fn capabilities_name_it_where_policy_has_it() {
    for (archive, named) in [
        (MockArchive::start().await, 0),
        (open(Storage::memory()).await, 3),
    ] {
        let answer = client()
            .get(archive.web_url() + "/")
            .header("Accept", "application/json")
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        assert_eq!(text.matches("\"DELETE\"").count(), named);
    }
}
