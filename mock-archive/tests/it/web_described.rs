//! Storing over HTTP as metadata and bulk data apart.

use dicom_fixtures::Instance;
use dicom_mock_archive::MockArchive;
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::stow::StoreResponse;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{CHEST, client, stow};

const JSON: &str = "application/dicom+json";
const XML: &str = "application/dicom+xml";
const OCTETS: &str = "application/octet-stream";

struct Part<'a> {
    media: &'a str,
    location: Option<&'a str>,
    bytes: &'a [u8],
}

fn part<'a>(media: &'a str, location: Option<&'a str>, bytes: &'a [u8]) -> Part<'a> {
    Part {
        media,
        location,
        bytes,
    }
}

async fn post(archive: &MockArchive, media: &str, parts: &[Part<'_>]) -> Response {
    let mut writer = Writer::new(Boundary::parse("b").unwrap());
    let mut body = Vec::new();
    for part in parts {
        let mut headers = Headers::new().with("Content-Type", part.media);
        if let Some(location) = part.location {
            headers.push("Content-Location", location);
        }
        body.extend_from_slice(&writer.part_head(&headers));
        body.extend_from_slice(part.bytes);
    }
    body.extend_from_slice(&writer.close());
    client()
        .post(archive.web_url() + "/studies")
        .header(
            "Content-Type",
            format!("multipart/related; type=\"{media}\"; boundary=b"),
        )
        .header("Accept", JSON)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn get(url: &str, accept: &str) -> Response {
    let answer = client()
        .get(url)
        .header("Accept", accept)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{url}");
    answer
}

fn url(archive: &MockArchive, instance: &Instance) -> String {
    format!(
        "{}/studies/{}/series/{}/instances/{}",
        archive.web_url(),
        instance.study,
        instance.series,
        instance.sop_instance
    )
}

/// Metadata of a slice and its pixels, as an archive gives them.
async fn taken_apart(instance: &Instance) -> (Value, String, Vec<u8>) {
    let source = MockArchive::start().await;
    stow(&source, [instance]).await;
    let url = url(&source, instance);
    let json: Value = serde_json::from_slice(
        &get(&format!("{url}/metadata"), JSON)
            .await
            .bytes()
            .await
            .unwrap(),
    )
    .unwrap();
    let xml = get(
        &format!("{url}/metadata"),
        "multipart/related; type=\"application/dicom+xml\"",
    )
    .await
    .text()
    .await
    .unwrap();
    let start = xml.find("<?xml").unwrap();
    let end = xml.rfind("</NativeDicomModel>").unwrap() + "</NativeDicomModel>".len();
    let pixels = pixels_of(&source, instance).await;
    (json, xml[start..end].to_owned(), pixels)
}

/// The pixels of an instance, by WADO-RS.
async fn pixels_of(archive: &MockArchive, instance: &Instance) -> Vec<u8> {
    let url = format!("{}/bulkdata/7FE00010", url(archive, instance));
    get(&url, OCTETS).await.bytes().await.unwrap().to_vec()
}

async fn receipt(answer: Response) -> StoreResponse {
    StoreResponse::from_json(&answer.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn metadata_and_pixels_become_the_instance_that_they_came_from() {
    let instance = &CHEST.instances()[0];
    let (json, xml, pixels) = taken_apart(instance).await;
    let uri = json[0]["7FE00010"]["BulkDataURI"].as_str().unwrap();
    let text = json.to_string();
    for (media, metadata) in [(JSON, &text), (XML, &xml)] {
        let archive = MockArchive::start().await;

        let answer = post(
            &archive,
            media,
            &[
                part(media, None, metadata.as_bytes()),
                part(OCTETS, Some(uri), &pixels),
            ],
        )
        .await;

        assert_eq!(answer.status(), StatusCode::OK, "{media}");
        assert_eq!(receipt(answer).await.referenced.len(), 1);
        assert_eq!(pixels_of(&archive, instance).await, pixels);
        let again = get(&format!("{}/metadata", url(&archive, instance)), JSON).await;
        let mut again: Value = serde_json::from_slice(&again.bytes().await.unwrap()).unwrap();
        again[0]["7FE00010"] = json[0]["7FE00010"].clone();
        assert_eq!(again, json, "{media}");
    }
}

#[tokio::test]
async fn a_missing_bulk_part_fails_its_instance_only() {
    let (one, _, pixels) = taken_apart(&CHEST.instances()[0]).await;
    let (two, _, _) = taken_apart(&CHEST.instances()[1]).await;
    let uri = one[0]["7FE00010"]["BulkDataURI"].as_str().unwrap();
    let archive = MockArchive::start().await;

    let both = json!([one[0], two[0]]).to_string();
    let answer = post(
        &archive,
        JSON,
        &[
            part(JSON, None, both.as_bytes()),
            part(OCTETS, Some(uri), &pixels),
        ],
    )
    .await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    let said = receipt(answer).await;
    assert_eq!((said.referenced.len(), said.failed.len()), (1, 1));
    assert_eq!(archive.archive().stored().len(), 1);

    let alone = two.to_string();
    let answer = post(&archive, JSON, &[part(JSON, None, alone.as_bytes())]).await;
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    assert_eq!(archive.archive().stored().len(), 1);
}

#[tokio::test]
async fn compressed_pixels_keep_their_syntax() {
    let (mut json, _, _) = taken_apart(&CHEST.instances()[0]).await;
    json[0]["7FE00010"] = json!({ "vr": "OB", "BulkDataURI": "frames" });
    let metadata = json.to_string();
    let stream = [0xFF, 0xD8, 0xFF, 0xD9, 0x00];
    for (media, syntax) in [
        (
            "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50",
            "1.2.840.10008.1.2.4.50",
        ),
        ("image/jls", "1.2.840.10008.1.2.4.80"),
    ] {
        let archive = MockArchive::start().await;
        let answer = post(
            &archive,
            JSON,
            &[
                part(JSON, None, metadata.as_bytes()),
                part(media, Some("frames"), &stream),
            ],
        )
        .await;
        assert_eq!(answer.status(), StatusCode::OK, "{media}");
        let url = url(&archive, &CHEST.instances()[0]);
        let whole = get(&url, "application/dicom; transfer-syntax=*").await;
        let given = whole.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(given.contains(syntax), "{given}");
        let whole = whole.bytes().await.unwrap();
        let padded = [&stream[..], &[0]].concat();
        assert!(whole.windows(6).any(|window| window == padded));
    }
}

#[tokio::test]
async fn names_in_any_script_survive() {
    let (mut json, _, pixels) = taken_apart(&CHEST.instances()[0]).await;
    json[0]["00100010"] = json!({ "vr": "PN", "Value": [{ "Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎" }] });
    json[0]["7FE00010"] = json!({ "vr": "OW", "BulkDataURI": "pixels" });
    let metadata = json.to_string();
    let archive = MockArchive::start().await;

    let answer = post(
        &archive,
        JSON,
        &[
            part(JSON, None, metadata.as_bytes()),
            part(OCTETS, Some("pixels"), &pixels),
            part(OCTETS, Some("nobody"), b"x"),
        ],
    )
    .await;

    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        answer.headers()["warning"]
            .to_str()
            .unwrap()
            .contains("nobody")
    );
    let url = url(&archive, &CHEST.instances()[0]);
    let again = get(&format!("{url}/metadata"), JSON).await;
    let again: Value = serde_json::from_slice(&again.bytes().await.unwrap()).unwrap();
    assert_eq!(again[0]["00100010"], json[0]["00100010"]);
    assert_eq!(again[0]["00080005"]["Value"][0], "ISO_IR 192");
}

#[tokio::test]
async fn what_cannot_be_read_stores_nothing() {
    let (mut nested, _, _) = taken_apart(&CHEST.instances()[0]).await;
    nested[0]["00080018"] = json!({ "vr": "UI" });
    let no_uid = nested.to_string();
    let archive = MockArchive::start().await;
    for (metadata, status) in [
        ("[]", StatusCode::BAD_REQUEST),
        ("[{", StatusCode::CONFLICT),
        ("[1]", StatusCode::CONFLICT),
        (&no_uid, StatusCode::CONFLICT),
    ] {
        let answer = post(&archive, JSON, &[part(JSON, None, metadata.as_bytes())]).await;
        assert_eq!(answer.status(), status, "{metadata:.40}");
    }
    assert!(archive.archive().stored().is_empty());
}

#[tokio::test]
async fn bulk_data_inside_a_sequence_finds_its_place() {
    let (mut json, _, pixels) = taken_apart(&CHEST.instances()[0]).await;
    json[0]["7FE00010"] = json!({ "vr": "OW", "BulkDataURI": "pixels" });
    json[0]["54000100"] = json!({ "vr": "SQ", "Value": [
        { "00080005": { "vr": "CS", "Value": ["ISO_IR 100"] } },
        { "54001010": { "vr": "OW", "BulkDataURI": "wave" } },
    ] });
    let metadata = json.to_string();
    let archive = MockArchive::start().await;

    let answer = post(
        &archive,
        JSON,
        &[
            part(OCTETS, Some("wave"), &[7; 301]),
            part(OCTETS, Some("pixels"), &pixels),
            part(JSON, None, metadata.as_bytes()),
        ],
    )
    .await;

    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(pixels_of(&archive, &CHEST.instances()[0]).await, pixels);
    let url = url(&archive, &CHEST.instances()[0]);
    let whole = get(&url, "application/dicom; transfer-syntax=*")
        .await
        .bytes()
        .await
        .unwrap();
    let wave = [&[7; 301][..], &[0]].concat();
    assert!(whole.windows(302).any(|window| window == wave));
}

#[tokio::test]
async fn metadata_without_end_is_413() {
    let archive = MockArchive::start().await;
    let endless = vec![b' '; 65 * 1024 * 1024];
    let media = "application/dicom+json";
    let answer = post(
        &archive,
        media,
        &[Part {
            media,
            location: None,
            bytes: &endless,
        }],
    )
    .await;
    assert_eq!(answer.status(), 413);
    assert!(archive.stored().is_empty());
}
