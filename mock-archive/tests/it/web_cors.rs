//! Requests of pages of another origin.

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Auth, Policy};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};

use crate::support::client;

const PAGE: &str = "https://viewer.example";

fn has(headers: &HeaderMap, name: &str, member: &str) -> bool {
    let text = headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap());
    text.split(',')
        .any(|one| one.trim().eq_ignore_ascii_case(member))
}

async fn locked() -> MockArchive {
    let auth = Auth::Bearer {
        token: "sesame".to_owned(),
    };
    let policy = Policy {
        auth: Some(auth),
        ..Policy::default()
    };
    MockArchive::builder().policy(policy).start().await.unwrap()
}

#[tokio::test]
async fn a_preflight_is_answered_without_credentials_and_covers_a_store() {
    let archive = locked().await;

    let answer = client()
        .request(Method::OPTIONS, archive.web_url() + "/studies")
        .header("Origin", PAGE)
        .header("Access-Control-Request-Method", "POST")
        .header(
            "Access-Control-Request-Headers",
            "accept,authorization,content-type,x-trace",
        )
        .send()
        .await
        .unwrap();

    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let headers = answer.headers();
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert!(has(headers, "access-control-allow-methods", "POST"));
    for name in ["accept", "authorization", "content-type", "x-trace"] {
        assert!(has(headers, "access-control-allow-headers", name), "{name}");
    }
}

#[tokio::test]
async fn a_plain_options_still_describes_the_service() {
    let archive = MockArchive::start().await;
    for origin in [None, Some(PAGE)] {
        let mut request = client()
            .request(Method::OPTIONS, archive.web_url() + "/")
            .header("Accept", "application/json");
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(
            answer.headers().contains_key("access-control-allow-origin"),
            origin.is_some()
        );
    }
}

#[tokio::test]
async fn every_answer_to_a_page_can_be_read_errors_too() {
    let archive = locked().await;
    for (path, token, status) in [
        ("/studies", "sesame", StatusCode::NO_CONTENT),
        ("/nothing", "sesame", StatusCode::NOT_FOUND),
        ("/studies", "wrong", StatusCode::UNAUTHORIZED),
    ] {
        let answer = client()
            .get(archive.web_url() + path)
            .header("Accept", "application/dicom+json")
            .header("Authorization", format!("Bearer {token}"))
            .header("Origin", PAGE)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        for name in ["Warning", "Location", "Content-Location", "Retry-After"] {
            assert!(has(answer.headers(), "access-control-expose-headers", name));
        }
    }
}
