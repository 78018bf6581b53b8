use dicom_mock_archive::MockArchive;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::client;

async fn post(archive: &MockArchive, path: &str, body: Value) -> (StatusCode, Value) {
    let url = archive.control_url() + path;
    let answer = client()
        .post(url)
        .body(body.to_string())
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

async fn get(archive: &MockArchive, path: &str) -> Value {
    let answer = client()
        .get(archive.control_url() + path)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_rule_is_put_into_force_listed_and_withdrawn() {
    let archive = MockArchive::start().await;
    let rule = json!({ "when": { "service": "store", "instance": "1.2.3" }, "then": { "refuse-instance": { "reason": "A700" } }, "often": "once" });

    let (status, answer) = post(&archive, "/rules", rule.clone()).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(answer, json!({ "id": 1, "rule": rule }));
    assert_eq!(
        get(&archive, "/rules").await,
        json!([{ "id": 1, "rule": rule, "matched": 0, "fired": 0 }])
    );
    assert_eq!(get(&archive, "/unused").await, json!([1]));

    let removed = client()
        .delete(archive.control_url() + "/rules/1")
        .send()
        .await
        .unwrap();
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(get(&archive, "/rules").await, json!([]));
}

#[tokio::test]
async fn a_named_fault_is_put_into_force_by_its_name() {
    let archive = MockArchive::start().await;

    let (status, answer) = post(&archive, "/rules", json!({ "then": "stow.partial-200" })).await;

    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(answer["rule"], json!({ "then": "stow.partial-200" }));
}

#[tokio::test]
async fn a_wrong_field_is_refused_and_named() {
    let archive = MockArchive::start().await;
    for (body, field) in [
        (
            json!({ "then": { "refuse-instance": { "reson": "A700" } } }),
            "reson",
        ),
        (
            json!({ "when": { "servise": "store" }, "then": "stow.fail" }),
            "servise",
        ),
        (json!({ "then": "stow.fail", "oftn": "once" }), "oftn"),
        (json!({ "when": {} }), "then"),
    ] {
        let (status, answer) = post(&archive, "/rules", body).await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["field"], field, "{answer}");
    }
    assert_eq!(get(&archive, "/rules").await, json!([]));
}

#[tokio::test]
async fn a_wrong_value_is_refused_in_words() {
    let archive = MockArchive::start().await;
    for (body, word) in [
        (json!({ "then": "stow.partial-20" }), "stow.partial-200"),
        (
            json!({ "then": { "refuse-instnce": {} } }),
            "refuse-instance",
        ),
        (json!({ "then": { "delay": { "by": "soon" } } }), "soon"),
        (
            json!({ "when": { "study": "1..2" }, "then": "stow.fail" }),
            "1..2",
        ),
        (
            json!({ "when": { "service": "storing" }, "then": "stow.fail" }),
            "storing",
        ),
        (json!("nonsense"), "nonsense"),
    ] {
        let (status, answer) = post(&archive, "/rules", body).await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(answer["error"].as_str().unwrap().contains(word), "{answer}");
    }
}

#[tokio::test]
async fn each_thing_is_reset_on_its_own() {
    let archive = MockArchive::start().await;
    archive
        .load(&dicom_fixtures::ct("chest").size(32).slices(2))
        .unwrap();
    post(&archive, "/rules", json!({ "then": "stow.fail" })).await;

    let (status, _) = post(&archive, "/reset", json!({ "rules": true })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(get(&archive, "/rules").await, json!([]));
    assert_eq!(get(&archive, "/stored").await.as_array().unwrap().len(), 2);

    let everything = client()
        .post(archive.control_url() + "/reset")
        .send()
        .await
        .unwrap();
    assert_eq!(everything.status(), StatusCode::NO_CONTENT);
    assert_eq!(get(&archive, "/stored").await, json!([]));

    let (status, answer) = post(&archive, "/reset", json!({ "rulez": true })).await;
    assert_eq!(
        (status, &answer["field"]),
        (StatusCode::BAD_REQUEST, &json!("rulez"))
    );
}

#[tokio::test]
async fn it_says_how_the_archive_is_reached_and_what_can_go_wrong() {
    let archive = MockArchive::start().await;

    assert_eq!(get(&archive, "/ready").await["dicomweb"], archive.web_url());
    assert_eq!(
        get(&archive, "/scenarios").await.as_array().unwrap().len(),
        3
    );
    let faults = get(&archive, "/faults").await;
    let refuse = faults
        .as_array()
        .unwrap()
        .iter()
        .find(|fault| fault["name"] == "refuse-instance")
        .unwrap();
    let schema = get(&archive, "/schema").await.to_string();
    for said in [
        "SOP Instance UID.",
        "refuse-instance",
        "Failure reason, such as",
    ] {
        assert!(schema.contains(said), "{said} in {schema}");
    }
    assert_eq!(refuse["moment"], "judge");
    assert_eq!(refuse["fields"]["properties"]["reason"]["default"], "A700");
}

#[tokio::test]
async fn an_expectation_that_does_not_hold_is_told_with_the_count() {
    let archive = MockArchive::start().await;
    post(&archive, "/rules", json!({ "then": "stow.fail" })).await;

    let (status, _) = post(&archive, "/verify", json!({ "rule": 1, "count": 0 })).await;
    assert_eq!(status, StatusCode::OK);
    let (status, answer) = post(&archive, "/verify", json!({ "rule": 1, "count": 2 })).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(
        answer["error"],
        "rule 1 acted 0 times where 2 were expected"
    );
}

#[tokio::test]
async fn dropping_the_archive_frees_its_ports() {
    let archive = MockArchive::start().await;
    let (control, dimse) = (archive.control_url(), archive.dimse_addr());
    let idle = tokio::net::TcpStream::connect(dimse).await.unwrap();
    assert!(
        client()
            .get(control.clone() + "/ready")
            .send()
            .await
            .is_ok()
    );

    drop(archive);
    tokio::task::yield_now().await;

    let mut byte = [0];
    let ended = async { tokio::io::AsyncReadExt::read(&mut { idle }, &mut byte).await };
    assert!(matches!(ended.await, Ok(0) | Err(_)));
    assert!(tokio::net::TcpStream::connect(dimse).await.is_err());
}
