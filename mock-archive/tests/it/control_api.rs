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
        dicom_mock_archive::scenario::names().len()
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

#[tokio::test]
async fn the_openapi_document_tells_every_resource_with_the_fields_of_what_it_takes() {
    let archive = MockArchive::start().await;
    let url = archive.control_url();
    let document = client()
        .get(format!("{url}/openapi.json"))
        .send()
        .await
        .unwrap();
    let document: serde_json::Value =
        serde_json::from_slice(&document.bytes().await.unwrap()).unwrap();

    assert_eq!(document["openapi"], "3.0.3");
    for route in dicom_mock_archive::admin::ROUTES {
        assert!(
            document["paths"][route.path][route.method]["summary"].is_string(),
            "{route:?}"
        );
        let path = route.path.replace("{id}", "1").replace("{name}", "none");
        let method = route.method.to_uppercase().parse().unwrap();
        let answer = client()
            .request(method, format!("{url}{path}"))
            .body("{ \"wrong\": 1 }")
            .send()
            .await
            .unwrap();
        assert_ne!(answer.status(), 405, "{route:?}");
        let takes = !document["paths"][route.path][route.method]["requestBody"].is_null();
        if takes {
            assert_eq!(answer.status(), 400, "{route:?}");
            let error: serde_json::Value =
                serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
            assert_eq!(error["field"], "wrong", "{route:?} {error}");
        }
    }
    let rule = &document["paths"]["/rules"]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert!(rule["properties"]["in-state"].is_object(), "{rule}");
}

#[tokio::test]
async fn the_journal_is_followed_while_it_grows() {
    let archive = MockArchive::start().await;
    let mut following = client()
        .get(archive.control_url() + "/journal/follow")
        .send()
        .await
        .unwrap();
    assert_eq!(following.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains(": follows") {
        text += &String::from_utf8_lossy(&following.chunk().await.unwrap().unwrap());
    }

    client()
        .get(archive.web_url() + "/studies?limit=7")
        .send()
        .await
        .unwrap();

    while !text.contains("event: exchange") || !text.ends_with("\n\n") {
        text += &String::from_utf8_lossy(&following.chunk().await.unwrap().unwrap());
    }
    let data = text.split("data: ").nth(1).unwrap().lines().next().unwrap();
    let entry: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(entry["request"]["query"], "limit=7");
    assert!(entry["took_ms"].is_u64());
}

#[tokio::test]
async fn scenarios_and_their_states_are_played_and_each_thing_is_reset_on_its_own() {
    let archive = MockArchive::start().await;
    let url = archive.control_url();
    let played = client()
        .post(format!("{url}/scenarios/full-disk"))
        .send()
        .await
        .unwrap();
    assert_eq!(played.status(), 201);
    let unknown = client()
        .post(format!("{url}/scenarios/full-dis"))
        .send()
        .await
        .unwrap();
    assert_eq!(unknown.status(), 404);
    let state = || async {
        let answer = client().get(format!("{url}/state")).send().await.unwrap();
        answer.text().await.unwrap()
    };
    assert_eq!(state().await, "{\"state\":\"room\"}");

    let put = client()
        .put(format!("{url}/state"))
        .body("{ \"state\": \"full\" }")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (put.status().as_u16(), state().await),
        (204, "{\"state\":\"full\"}".to_owned())
    );

    let reset = |what: &'static str| client().post(format!("{url}/reset")).body(what).send();
    archive
        .load(&dicom_fixtures::ct("chest").size(8).slices(1))
        .unwrap();
    reset("{ \"scenario\": true }").await.unwrap();
    assert_eq!(state().await, "{\"state\":\"\"}");
    assert_eq!((archive.rules().len(), archive.stored().len()), (1, 1));
    reset("{ \"rules\": true }").await.unwrap();
    assert_eq!((archive.rules().len(), archive.stored().len()), (0, 1));
    reset("{ \"data\": true }").await.unwrap();
    assert_eq!(archive.stored().len(), 0);
    assert_eq!(reset("{ \"all\": true }").await.unwrap().status(), 400);
}
