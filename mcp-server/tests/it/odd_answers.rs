//! Answers that no archive should give, and archives that are none: never taken for "nothing found", never believed blindly.

use std::time::{Duration, Instant};

use dicom_mcp_server::config::{Config, Credentials};
use serde_json::{Value as Json, json};
use wiremock::matchers::{header, method, path, path_regex, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::client::{Client, Reply};

async fn answering(template: ResponseTemplate) -> (MockServer, Client) {
    let archive = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(template)
        .mount(&archive)
        .await;
    let client = Client::at(&format!("{}/dicomweb", archive.uri())).await;
    (archive, client)
}

async fn find(client: &Client, query: &str) -> Reply {
    client.call("find-studies", json!({"query": query})).await
}

fn json_body(body: Json) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.to_string(), "application/dicom+json")
}

fn study(uid: &str, id: &str, date: &str) -> Json {
    json!({
        "0020000D": {"vr": "UI", "Value": [uid]},
        "00100020": {"vr": "LO", "Value": [id]},
        "00080020": {"vr": "DA", "Value": [date]},
    })
}

fn picture() -> Json {
    json!({"studyInstanceUid": "1.2", "seriesInstanceUid": "1.2.3", "sopInstanceUid": "1.2.3.4"})
}

#[tokio::test]
async fn five_encodings_of_nothing_are_none_found() {
    for empty in [
        ResponseTemplate::new(204),
        json_body(json!([])),
        ResponseTemplate::new(200),
        json_body(json!([{}])),
        json_body(json!([{"0020000D": {"vr": "UI"}}])),
    ] {
        let (_archive, client) = answering(empty).await;
        let reply = find(&client, "PatientID=7").await;
        assert_eq!(reply.success(), "No studies found.");
        assert_eq!(reply.structured()["moreAvailable"], false);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_never_none_found() {
    let html = "<!DOCTYPE html><html><head><title>Sign in to PACS</title></head><body><form></form></body></html>";
    let mut told = String::new();
    for (what, template) in [
        (
            "login page",
            ResponseTemplate::new(200).set_body_raw(html, "text/html; charset=utf-8"),
        ),
        (
            "words",
            ResponseTemplate::new(200).set_body_raw("moved to another server", "text/plain"),
        ),
        (
            "other JSON",
            json_body(json!({"error": {"message": "index is offline"}})),
        ),
        ("rows that are none", json_body(json!(["a", "b"]))),
        (
            "cut JSON",
            ResponseTemplate::new(200)
                .set_body_raw("[{\"0020000D\": {\"vr\"", "application/dicom+json"),
        ),
        (
            "wrong password",
            ResponseTemplate::new(401)
                .set_body_raw("{\"title\": \"Unauthorized\"}", "application/json"),
        ),
        (
            "server error",
            ResponseTemplate::new(500).set_body_raw(
                "java.lang.NullPointerException\n\tat Foo.java",
                "text/plain",
            ),
        ),
        (
            "busy",
            ResponseTemplate::new(503).insert_header("warning", "299 pacs \"nightly backup\""),
        ),
        (
            "no such path",
            ResponseTemplate::new(404).set_body_raw(html, "text/html"),
        ),
    ] {
        let (_archive, client) = answering(template).await;
        let refusal = find(&client, "").await.refusal();
        told.push_str(&format!(
            "{what}\n    {}\n",
            refusal.replace('\n', "\n    ")
        ));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_circle_of_redirects_and_a_redirect_elsewhere_end() {
    let archive = MockServer::start().await;
    Mock::given(path("/circle/studies"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/circle/studies"))
        .mount(&archive)
        .await;
    let client = Client::at(&format!("{}/circle", archive.uri())).await;
    let refusal = find(&client, "").await.refusal();
    assert!(refusal.contains("more than 5 redirects"), "{refusal}");

    let elsewhere = MockServer::start().await;
    Mock::given(path("/away/studies"))
        .respond_with(
            ResponseTemplate::new(302)
                .insert_header("location", format!("{}/studies", elsewhere.uri())),
        )
        .mount(&archive)
        .await;
    let mut config = Config::for_host(&format!("{}/away", archive.uri())).unwrap();
    config.archives[0].web.as_mut().unwrap().credentials = Credentials::Basic {
        user: "reader".into(),
        password: "canary-secret".into(),
    };
    let client = Client::of(config).await;
    let refusal = find(&client, "").await.refusal();
    assert!(refusal.contains("which is not followed"), "{refusal}");
    assert!(!refusal.contains("canary"), "{refusal}");
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dead_host_is_told_with_its_address() {
    let client = Client::at("http://reader:canary-secret@127.0.0.1:1/dicomweb").await;
    for tool in ["find-studies", "verify-connection"] {
        let refusal = client.call(tool, json!({})).await.refusal();
        assert!(
            refusal.contains("no connection to http://127.0.0.1:1"),
            "{refusal}"
        );
        assert!(!refusal.contains("canary"), "{refusal}");
    }
}

#[tokio::test]
async fn an_archive_that_never_answers_is_given_up_in_time() {
    let archive = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(json_body(json!([])).set_delay(Duration::from_secs(3600)))
        .mount(&archive)
        .await;
    let mut config = Config::for_host(&archive.uri()).unwrap();
    config.timeout = Duration::from_millis(200);
    let client = Client::of(config).await;
    let started = Instant::now();
    let refusal = find(&client, "").await.refusal();
    assert!(
        refusal.contains("no complete answer within 200 ms"),
        "{refusal}"
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn rows_that_were_not_asked_for_are_left_out_and_said() {
    let (_archive, client) = answering(json_body(json!([
        study("1.2.1", "A", "20240103"),
        study("1.2.2", "A", "20190103"),
        study("1.2.1", "A", "20240103"),
        {"00100020": {"vr": "LO", "Value": ["A"]}, "00080020": {"vr": "DA", "Value": ["20240104"]}},
    ])))
    .await;
    let reply = find(
        &client,
        "PatientID=A StudyDate=2024-01-01..2024-01-31 AccessionNumber=7",
    )
    .await;
    insta::assert_snapshot!(reply.told());
}

#[tokio::test]
async fn a_page_that_the_archive_caps_does_not_look_complete() {
    let archive = MockServer::start().await;
    let rows = |from: usize, to: usize| {
        Json::Array(
            (from..to)
                .map(|n| study(&format!("1.2.{n}"), "A", "20240103"))
                .collect(),
        )
    };
    for (offset, from, to) in [("0", 1, 4), ("3", 4, 7), ("6", 7, 8), ("7", 0, 0)] {
        Mock::given(query_param("offset", offset))
            .respond_with(json_body(rows(from, to)))
            .with_priority(1)
            .mount(&archive)
            .await;
    }
    Mock::given(method("GET"))
        .respond_with(json_body(rows(1, 4)))
        .mount(&archive)
        .await;
    let client = Client::at(&archive.uri()).await;

    let first = find(&client, "").await;
    assert_eq!(
        first.structured()["moreAvailable"],
        true,
        "{}",
        first.text()
    );
    assert_eq!(first.structured()["nextOffset"], 3);
    assert!(
        first.text().contains("returned only 3 rows at once"),
        "{}",
        first.text()
    );

    let last = find(&client, "offset=6").await;
    assert_eq!(last.structured()["moreAvailable"], false, "{}", last.text());
    assert_eq!(last.structured()["total"], 7);
}

#[tokio::test]
async fn an_archive_that_ignores_offset_makes_the_rest_unknown() {
    let (_archive, client) = answering(json_body(json!([study("1.2.1", "A", "20240103")]))).await;
    let reply = find(&client, "").await;
    assert_eq!(reply.structured()["moreAvailable"], Json::Null);
    assert!(
        reply.text().contains("the archive ignores offset"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn an_archive_that_does_not_decode_its_queries_is_asked_again() {
    let archive = MockServer::start().await;
    let found = json!([{"0020000D": {"vr": "UI", "Value": ["1.2.1"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "DOE^JOHN"}]}}]);
    let raw = |request: &wiremock::Request| {
        request
            .url
            .query()
            .is_some_and(|query| query.contains("DOE^JOHN"))
    };
    Mock::given(raw)
        .respond_with(json_body(found))
        .mount(&archive)
        .await;
    Mock::given(method("GET"))
        .respond_with(json_body(json!([])))
        .with_priority(10)
        .mount(&archive)
        .await;
    let client = Client::at(&archive.uri()).await;
    let reply = find(&client, "PatientName=DOE^JOHN").await;
    assert_eq!(reply.structured()["returned"], 1, "{}", reply.text());
}

#[tokio::test]
async fn an_archive_with_one_json_type_is_asked_for_it() {
    let archive = MockServer::start().await;
    Mock::given(header("accept", "application/dicom+json"))
        .respond_with(ResponseTemplate::new(406))
        .mount(&archive)
        .await;
    Mock::given(header("accept", "application/json"))
        .respond_with(json_body(json!([study("1.2.1", "A", "20240103")])))
        .mount(&archive)
        .await;
    let client = Client::at(&archive.uri()).await;
    assert_eq!(
        find(&client, "StudyInstanceUID=1.2.1").await.structured()["returned"],
        1
    );
}

#[tokio::test]
async fn an_image_is_an_image_only_by_its_first_bytes() {
    let archive = MockServer::start().await;
    let html = "<html><head><title>Sign in</title></head></html>";
    Mock::given(path_regex("/rendered$"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(html, "image/jpeg"))
        .mount(&archive)
        .await;
    Mock::given(path_regex("/1.2.3.4$"))
        .respond_with(ResponseTemplate::new(404))
        .mount(&archive)
        .await;
    let client = Client::at(&archive.uri()).await;
    let refusal = client
        .call("render-instance-frame", picture())
        .await
        .refusal();
    assert!(refusal.contains("404"), "{refusal}");
    assert!(
        client
            .call("render-instance-frame", picture())
            .await
            .picture()
            .is_none()
    );
}

#[tokio::test]
async fn an_image_of_another_type_is_named_what_it_is() {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x03\x08\0\0\0\0";
    let (_archive, client) =
        answering(ResponseTemplate::new(200).set_body_raw(png.to_vec(), "image/jpeg")).await;
    let reply = client.call("render-instance-frame", picture()).await;
    let (mime, bytes) = reply.picture().unwrap();
    assert_eq!((mime.as_str(), bytes.as_slice()), ("image/png", &png[..]));
    assert_eq!(
        (&reply.structured()["width"], &reply.structured()["height"]),
        (&json!(2), &json!(3))
    );
    assert!(
        reply
            .text()
            .contains("gave image/png instead of image/jpeg"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn a_multipart_answer_that_is_cut_is_an_error() {
    let mut told = String::new();
    for (what, kind, body) in [
        (
            "cut in a part",
            "multipart/related; type=\"application/dicom\"; boundary=b",
            "--b\r\nContent-Type: application/dicom\r\n\r\nDIC",
        ),
        (
            "no close delimiter",
            "multipart/related; boundary=b",
            "--b\r\n\r\nDATA\r\n--b",
        ),
        (
            "no boundary",
            "multipart/related",
            "--b\r\n\r\nDATA\r\n--b--",
        ),
        ("no part", "multipart/related; boundary=b", "--b--"),
        ("not DICOM", "application/dicom", "hello"),
        ("a page", "text/html", "<title>Sign in</title>"),
    ] {
        let (_archive, client) =
            answering(ResponseTemplate::new(200).set_body_raw(body, kind)).await;
        let refusal = client
            .call("get-structured-report-text", picture())
            .await
            .refusal();
        told.push_str(&format!(
            "{what}\n    {}\n",
            refusal.replace('\n', "\n    ")
        ));
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn metadata_of_another_instance_is_not_shown() {
    let other = json!([{"00080018": {"vr": "UI", "Value": ["9.9"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": "CANARY"}]}}]);
    let (_archive, client) = answering(json_body(other)).await;
    let refusal = client
        .call("get-instance-metadata", picture())
        .await
        .refusal();
    assert!(refusal.contains("another instance, 9.9"), "{refusal}");
    assert!(!refusal.contains("CANARY"), "{refusal}");
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let archive = MockServer::start().await;
    let body = format!(
        "[{}]",
        vec![study("1.2.1", "A", "20240103").to_string(); 2000].join(",")
    );
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/dicom+json"))
        .mount(&archive)
        .await;
    let mut config = Config::for_host(&archive.uri()).unwrap();
    config.limits.answer_bytes = 10_000;
    let client = Client::of(config).await;
    let refusal = find(&client, "").await.refusal();
    assert!(
        refusal.contains("larger than the limit of 10000 bytes"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_value_cannot_forge_a_row() {
    let mut row = study("1.2.1", "A", "20240103");
    row["00081030"] = json!({"vr": "LO", "Value": ["CHEST\n2 | 19990101 | FORGED\u{202e}"]});
    let (_archive, client) = answering(json_body(json!([row]))).await;
    let reply = find(&client, "StudyInstanceUID=1.2.1").await;
    assert_eq!(reply.text().lines().count(), 4, "{}", reply.text());
    assert!(
        reply.text().contains("CHEST\\n2 \\| 19990101"),
        "{}",
        reply.text()
    );
}

#[tokio::test]
async fn nesting_without_end_is_an_error_and_not_the_end_of_the_server() {
    let deep = dicom_fixtures::hostile::deep_sequences(30_000).to_vec();
    let file = ResponseTemplate::new(200).set_body_raw(deep, "application/dicom");
    let (_archive, client) = answering(file).await;
    for tool in [
        "get-structured-report-text",
        "get-encapsulated-pdf-report-text",
    ] {
        let refusal = client.call(tool, picture()).await.refusal();
        assert!(
            refusal.contains("nested deeper than 128"),
            "{tool}: {refusal}"
        );
    }

    let levels = 30_000;
    let open = r#"{"00081140":{"vr":"SQ","Value":["#.repeat(levels);
    let close = "]}}".repeat(levels);
    let metadata = format!("[{open}{close}]");
    let answer = ResponseTemplate::new(200).set_body_raw(metadata, "application/dicom+json");
    let (_archive, client) = answering(answer).await;
    let refusal = client
        .call("get-instance-metadata", picture())
        .await
        .refusal();
    assert!(!refusal.is_empty());
}
