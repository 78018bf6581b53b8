//! Entity tags, conditional requests and byte ranges.

use bytes::Bytes;
use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Duplicates, Policy};
use reqwest::{Method, Response, StatusCode};

use crate::support::{CHEST, client, stow};

const JSON: &str = "application/dicom+json";
const FILES: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";
const FILE: &str = "application/dicom; transfer-syntax=*";

fn path(instance: &Instance) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        instance.study, instance.series, instance.sop_instance
    )
}

async fn ask(
    archive: &MockArchive,
    method: Method,
    path: &str,
    fields: &[(&str, &str)],
) -> Response {
    let mut request = client().request(method, archive.web_url() + path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn tag(answer: &Response) -> String {
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_an_answer_gets_304_until_something_changes() {
    let archive = MockArchive::start().await;
    let slices = CHEST.instances();
    stow(&archive, &slices[..2]).await;
    let instance = path(&slices[0]);
    let study = format!("/studies/{}", slices[0].study);
    for (path, accept, grows) in [
        (instance.clone(), FILE, false),
        (instance.clone() + "/metadata", JSON, false),
        (instance.clone() + "/rendered", "image/png", false),
        (study.clone() + "/metadata", JSON, true),
        (study.clone(), FILES, true),
    ] {
        let first = ask(&archive, Method::GET, &path, &[("Accept", accept)]).await;
        assert_eq!(first.status(), StatusCode::OK, "{path}");
        let known = tag(&first);
        assert_eq!(known.starts_with("W/"), accept == FILES, "{known}");
        let fields = [("Accept", accept), ("If-None-Match", known.as_str())];
        for method in [Method::GET, Method::HEAD] {
            let again = ask(&archive, method, &path, &fields).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{path}");
            assert_eq!(tag(&again), known);
            assert!(!again.headers().contains_key("content-type"));
            assert!(again.bytes().await.unwrap().is_empty());
        }
        if grows {
            archive.reset();
            stow(&archive, &slices[..3]).await;
            let grown = ask(&archive, Method::GET, &path, &fields).await;
            assert_eq!(grown.status(), StatusCode::OK, "{path}");
            archive.reset();
            stow(&archive, &slices[..2]).await;
        }
    }
}

#[tokio::test]
async fn an_overwritten_instance_and_another_form_have_another_tag() {
    let policy = Policy {
        duplicates: Duplicates::Replace,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let path = path(instance) + "/rendered";
    let png = tag(&ask(&archive, Method::GET, &path, &[("Accept", "image/png")]).await);
    let jpeg = tag(&ask(&archive, Method::GET, &path, &[("Accept", "image/jpeg")]).await);
    assert_ne!(png, jpeg);
    stow(&archive, [instance]).await;
    let after = tag(&ask(&archive, Method::GET, &path, &[("Accept", "image/png")]).await);
    assert_ne!(png, after);
}

#[tokio::test]
async fn a_range_of_a_file_is_206_with_those_bytes() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let path = path(instance);
    let whole: Bytes = instance.bytes.clone();
    let length = whole.len();
    for (range, bytes) in [
        ("bytes=0-99", 0..100),
        ("bytes=100-", 100..length),
        ("bytes=-7", length - 7..length),
    ] {
        let fields = [("Accept", FILE), ("Range", range)];
        let answer = ask(&archive, Method::GET, &path, &fields).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        let place = format!("bytes {}-{}/{length}", bytes.start, bytes.end - 1);
        assert_eq!(answer.headers()["content-range"], place.as_str());
        assert_eq!(answer.bytes().await.unwrap(), whole.slice(bytes));
    }

    let beyond = [("Accept", FILE), ("Range", "bytes=99999999-")];
    let answer = ask(&archive, Method::GET, &path, &beyond).await;
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let place = format!("bytes */{length}");
    assert_eq!(answer.headers()["content-range"], place.as_str());
}

#[tokio::test]
async fn a_range_of_another_state_and_a_head_are_about_the_whole() {
    let archive = MockArchive::start().await;
    let instance = &CHEST.instances()[0];
    stow(&archive, [instance]).await;
    let path = path(instance);
    let head = ask(
        &archive,
        Method::HEAD,
        &path,
        &[("Accept", FILE), ("Range", "bytes=0-9")],
    )
    .await;
    assert_eq!(head.status(), StatusCode::OK);
    assert_eq!(head.headers()["accept-ranges"], "bytes");
    assert_eq!(
        head.headers()["content-length"],
        instance.bytes.len().to_string().as_str()
    );
    let current = tag(&head);
    for (known, status) in [
        (current.as_str(), StatusCode::PARTIAL_CONTENT),
        ("\"other\"", StatusCode::OK),
    ] {
        let fields = [
            ("Accept", FILE),
            ("Range", "bytes=0-9"),
            ("If-Range", known),
        ];
        let answer = ask(&archive, Method::GET, &path, &fields).await;
        assert_eq!(answer.status(), status);
    }
}
