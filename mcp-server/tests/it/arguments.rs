//! Calls that cannot be right never reach the archive.

use serde_json::{Value as Json, json};
use wiremock::MockServer;

use crate::client::Client;

#[tokio::test]
async fn what_cannot_be_right_is_refused_by_name_and_value() {
    let archive = MockServer::start().await;
    let client = Client::at(&archive.uri()).await;
    let instance = |further: Json| {
        let mut all =
            json!({"studyInstanceUid": "1.2", "seriesInstanceUid": "1.3", "sopInstanceUid": "1.4"});
        all.as_object_mut()
            .unwrap()
            .extend(further.as_object().unwrap().clone());
        all
    };
    let mut told = String::new();
    for (tool, arguments) in [
        ("find-studies", json!({"query": "PaitentName=DOE*"})),
        ("find-studies", json!({"query": 7})),
        ("find-studies", json!({"query": "x".repeat(1001)})),
        ("find-studies", json!({"qurey": "PatientID=1"})),
        ("find-series", json!({})),
        ("find-series", json!({"studyInstanceUid": null})),
        ("find-series", json!({"studyInstanceUid": ""})),
        ("find-series", json!({"studyInstanceUid": "1..2"})),
        ("find-series", json!({"studyInstanceUid": "zz"})),
        (
            "find-series",
            json!({"studyInstanceUid": format!("1.{}", "2".repeat(63))}),
        ),
        ("find-series", json!({"studyInstanceUid": 12})),
        (
            "find-series",
            json!({"studyInstanceUid": "1.2", "query": "StudyInstanceUID=1.3"}),
        ),
        (
            "find-instances",
            json!({"studyInstanceUid": "1.2", "seriesInstanceUid": "1.3", "query": "InstanceNumber=one"}),
        ),
        (
            "get-instance-metadata",
            json!({"studyInstanceUid": "1.2", "seriesInstanceUid": "1.3"}),
        ),
        ("render-instance-frame", instance(json!({"frame": 0}))),
        ("render-instance-frame", instance(json!({"frame": -1}))),
        ("render-instance-frame", instance(json!({"frame": 1.5}))),
        ("render-instance-frame", instance(json!({"frame": "1"}))),
        (
            "render-instance-frame",
            instance(json!({"outputFormat": "image/tiff"})),
        ),
        ("store-instances", json!({"paths": []})),
        ("store-instances", json!({"paths": ["a.dcm"]})),
        ("verify-connection", json!({"archive": "main"})),
    ] {
        let shown = if arguments.to_string().len() > 300 {
            "(long)".to_owned()
        } else {
            arguments.to_string()
        };
        let refusal = client.call(tool, arguments).await.refusal();
        told.push_str(&format!(
            "{tool} {shown}\n    {}\n",
            refusal.replace('\n', "\n    ")
        ));
    }
    insta::assert_snapshot!(told);
    assert!(archive.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let client = Client::at("http://127.0.0.1:1/dicomweb").await;
    let error = client.raw("no-such-tool", json!({})).await.unwrap_err();
    assert!(error.to_string().contains("no-such-tool"), "{error}");
}
