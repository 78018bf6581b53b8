//! Answers compressed on their way.

use std::io::Read;

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::CutBody;
use dicom_mock_archive::rule::{Rule, retrieving};
use flate2::read::GzDecoder;
use reqwest::{Response, StatusCode};

use crate::support::{CHEST, client, stow};

async fn ask(archive: &MockArchive, path: &str, accept: &str, encoding: &str) -> Response {
    client()
        .get(archive.web_url() + path)
        .header("Accept", accept)
        .header("Accept-Encoding", encoding)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn texts_are_the_same_once_they_are_unpacked() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let study = format!("/studies/{}", CHEST.instances()[0].study);
    for path in [
        "/studies".to_owned(),
        study.clone() + "/metadata",
        study + "/instances",
    ] {
        let plain = ask(&archive, &path, "application/dicom+json", "identity").await;
        assert!(!plain.headers().contains_key("content-encoding"));
        assert!(plain.headers().contains_key("vary"));
        let packed = ask(&archive, &path, "application/dicom+json", "gzip").await;
        assert_eq!(packed.headers()["content-encoding"], "gzip");
        if let Some(tag) = plain.headers().get("etag") {
            assert_ne!(packed.headers()["etag"], tag);
        }

        let (plain, packed) = (plain.bytes().await.unwrap(), packed.bytes().await.unwrap());
        let mut unpacked = Vec::new();
        GzDecoder::new(&packed[..])
            .read_to_end(&mut unpacked)
            .unwrap();

        assert_eq!(unpacked, plain, "{path}");
        assert!(packed.len() < plain.len(), "{path}");
    }
}

#[tokio::test]
async fn files_and_pictures_and_empty_answers_stay_as_they_are() {
    let archive = MockArchive::start().await;
    let nothing = ask(&archive, "/studies", "application/dicom+json", "gzip").await;
    assert_eq!(nothing.status(), StatusCode::NO_CONTENT);
    assert!(!nothing.headers().contains_key("content-encoding"));
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let path = format!(
        "/studies/{}/series/{}/instances/{}",
        instance.study, instance.series, instance.sop_instance
    );
    let file = ask(
        &archive,
        &path,
        "application/dicom; transfer-syntax=*",
        "gzip",
    )
    .await;
    assert!(!file.headers().contains_key("content-encoding"));
    assert_eq!(file.bytes().await.unwrap(), instance.bytes);
    let rule = Rule::when(retrieving()).then(CutBody {
        after: 10,
        ..CutBody::default()
    });
    archive.inject(rule);
    let cut = ask(&archive, &path, "application/dicom", "gzip").await;
    assert!(cut.bytes().await.is_err());
}
