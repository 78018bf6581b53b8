//! What rules do to answers over HTTP.

use std::time::{Duration, Instant};

use dicom_fixtures::{Study, conflict, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{
    CutBody, Delay, DropHeaders, DropInstance, DropRow, HttpStatus, PatientConflict,
    RefuseTransferSyntax,
};
use dicom_mock_archive::moment::Manner;
use dicom_mock_archive::personality::Personality;
use dicom_mock_archive::rule::{Rule, any, retrieving, searching, storing};
use dicom_wire::multipart::{Decoder, Event};
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{client, stow};

const EXPLICIT_LITTLE: &str = "1.2.840.10008.1.2.1";

async fn holding(study: &Study) -> MockArchive {
    let archive = MockArchive::start().await;
    archive.load(study).unwrap();
    archive
}

async fn get(archive: &MockArchive, path: &str) -> reqwest::Response {
    client()
        .get(archive.web_url() + path)
        .header("Accept", "*/*")
        .send()
        .await
        .unwrap()
}

fn small() -> Study {
    ct("chest").size(64).slices(3)
}

#[tokio::test]
async fn a_cut_answer_has_its_head_and_ends_early_in_each_manner() {
    let study = small();
    for manner in [Manner::Close, Manner::Reset] {
        let archive = holding(&study).await;
        archive.inject(Rule::when(retrieving()).then(CutBody {
            after: 2000,
            manner,
        }));

        let mut answer = get(&archive, &format!("/studies/{}", study.study_uid())).await;

        assert_eq!(answer.status(), 200);
        let mut came = 0;
        let end = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => came += chunk.len(),
                other => break other,
            }
        };
        assert!(
            end.is_err(),
            "{manner:?}: the client must see that the end is missing"
        );
        assert!(came <= 2000, "{came}");
    }
}

#[tokio::test]
async fn a_stalled_answer_is_silent_and_open() {
    let study = small();
    let archive = holding(&study).await;
    archive.inject(Rule::when(retrieving()).then(CutBody {
        after: 100,
        manner: Manner::Stall,
    }));
    let answer = get(&archive, &format!("/studies/{}", study.study_uid())).await;
    let body = tokio::time::timeout(Duration::from_millis(150), answer.bytes()).await;
    assert!(body.is_err(), "nothing more may come");
    drop(archive);
}

#[tokio::test]
async fn a_status_with_retry_after_takes_the_place_of_the_answer_once() {
    let study = small();
    let archive = MockArchive::start().await;
    let busy = HttpStatus {
        status: 503,
        retry_after: Some("2".to_owned()),
        ..HttpStatus::default()
    };
    archive.inject(Rule::when(storing()).then(busy.clone()).once());
    archive.inject(
        Rule::when(searching())
            .then(HttpStatus {
                status: 429,
                ..busy
            })
            .once(),
    );

    let answer = client()
        .post(archive.web_url() + "/studies")
        .header("Content-Type", "application/dicom")
        .body(study.instances()[0].bytes.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "2");
    assert!(archive.stored().is_empty());

    let (status, _) = stow(&archive, study.instances()).await;
    assert_eq!(status, 200);
    assert_eq!(get(&archive, "/studies").await.status(), 429);
    assert_eq!(get(&archive, "/studies").await.status(), 200);
}

#[tokio::test]
async fn a_delay_comes_before_the_answer() {
    let archive = holding(&small()).await;
    archive.inject(Rule::when(any()).then(Delay::by(Duration::from_millis(120))));
    let asked = Instant::now();
    assert_eq!(get(&archive, "/studies").await.status(), 200);
    assert!(asked.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn an_unsupported_transfer_syntax_is_refused_as_c122() {
    let study = small();
    let archive = MockArchive::start().await;
    let syntaxes = [Uid::parse(EXPLICIT_LITTLE).unwrap()].into();
    let refuse = RefuseTransferSyntax {
        transfer_syntaxes: syntaxes,
        ..RefuseTransferSyntax::default()
    };
    archive.inject(Rule::when(storing()).then(refuse));

    let (status, receipt) = stow(&archive, study.instances()).await;

    assert_eq!(status, 409);
    let unsupported = FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED;
    assert!(
        receipt
            .failed
            .iter()
            .all(|failed| failed.reason == Some(unsupported))
    );
    assert_eq!(receipt.failed.len(), 3);
}

#[tokio::test]
async fn an_instance_of_another_patient_is_refused_where_a_rule_says_so() {
    let (first, second) = conflict();
    let archive = MockArchive::start().await;
    archive.inject(Rule::when(storing()).then(PatientConflict::default()));

    let all = [first.instances(), second.instances()].concat();
    let (status, receipt) = stow(&archive, &all).await;

    assert_eq!(status, 202);
    let refused: Vec<_> = receipt
        .failed
        .iter()
        .map(|failed| failed.sop_instance.clone().unwrap().to_string())
        .collect();
    assert_eq!(
        refused,
        second
            .instances()
            .iter()
            .map(|i| i.sop_instance.clone())
            .collect::<Vec<_>>()
    );
    assert_eq!(archive.stored(), first.uids());
}

#[tokio::test]
async fn a_dropped_row_and_a_dropped_instance_are_not_mentioned() {
    let study = small();
    let archive = holding(&study).await;
    archive.inject(Rule::when(searching()).then(DropRow { index: -1 }));
    archive.inject(Rule::when(retrieving()).then(DropInstance { index: 0 }));

    let rows = get(&archive, "/instances").await;
    assert!(!rows.headers().contains_key("warning"));
    let rows: Vec<serde_json::Value> =
        serde_json::from_slice(&rows.bytes().await.unwrap()).unwrap();
    assert_eq!(rows.len(), 2);

    let answer = get(&archive, &format!("/studies/{}", study.study_uid())).await;
    let content_type = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut decoder = Decoder::from_content_type(&content_type).unwrap();
    decoder.push(answer.bytes().await.unwrap());
    let mut parts = 0;
    while let Some(event) = decoder.poll().unwrap() {
        parts += usize::from(matches!(event, Event::PartEnd));
    }
    decoder.finish().unwrap();
    assert_eq!(parts, 2);
}

#[tokio::test]
async fn a_client_that_writes_all_before_it_reads_sees_the_status_that_was_told() {
    let archive = MockArchive::start().await;
    archive.inject(Rule::when(storing()).then(HttpStatus::new(503)));
    let address = archive.web_url();
    let address = address.trim_start_matches("http://");
    let (address, path) = address.split_at(address.find('/').unwrap());
    for target in ["/studies", "/nonsense", "/studies/1.2.3/metadata"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let length = 8 * 1024 * 1024;
        let head = format!(
            "POST {path}{target} HTTP/1.1\r\nHost: archive\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\n\
             Accept: */*\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![0; length]).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let status = match target {
            "/studies" => "503",
            "/nonsense" => "404",
            _ => "405",
        };
        let line = String::from_utf8_lossy(&answer[..15]).into_owned();
        assert!(
            line.starts_with(&format!("HTTP/1.1 {status} ")),
            "{target}: {line}"
        );
    }
}

#[tokio::test]
async fn a_status_changes_only_where_it_is_one_of_those_named() {
    let archive = MockArchive::start().await;
    archive.inject(Rule::parse("change-status:to=400:of=[404]").unwrap());
    let status = async |path: &str| {
        let answer = client()
            .get(archive.web_url() + path)
            .header("Accept", "application/dicom+json");
        answer.send().await.unwrap().status().as_u16()
    };
    assert_eq!(status("/studies/1.2.3/metadata").await, 400);
    assert_eq!(status("/studies").await, 204);
    assert_eq!(status("/studies?limit=x").await, 400);
    archive.inject(Rule::parse("change-status:to=200").unwrap());
    assert_eq!(status("/nonsense").await, 200);
}

#[tokio::test]
async fn header_fields_are_left_out() {
    let archive = MockArchive::start().await;
    stow(&archive, small().instances()).await;
    archive.inject(Rule::when(searching()).then(DropHeaders {
        names: vec!["Vary".to_owned(), "content-type".to_owned()],
    }));
    let answer = client()
        .get(archive.web_url() + "/studies")
        .header("Accept", "application/dicom+json")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        !answer.headers().contains_key("vary") && !answer.headers().contains_key("content-type")
    );
    assert!(answer.bytes().await.unwrap().starts_with(b"[{"));
}

#[tokio::test]
async fn a_personality_brings_its_policies_and_its_rules() {
    let orthanc = Personality::find("orthanc-1.10").unwrap();
    let archive = MockArchive::builder().like(orthanc).start().await.unwrap();
    stow(&archive, small().instances()).await;
    let asked = async |path: &str, accept: &str| {
        let request = client()
            .get(archive.web_url() + path)
            .header("Accept", accept);
        request.send().await.unwrap()
    };
    let study = small().study_uid().to_owned();

    let found = asked("/studies?PatientID=nobody", "application/dicom+json").await;
    assert_eq!(
        (
            found.status().as_u16(),
            found.headers().contains_key("vary")
        ),
        (200, false)
    );
    assert_eq!(found.bytes().await.unwrap(), "[]");
    let metadata = asked(&format!("/studies/{study}/metadata"), "text/html").await;
    assert_eq!(metadata.status(), 400);
    let thumbnail = asked(&format!("/studies/{study}/thumbnail"), "image/png").await;
    assert_eq!(thumbnail.status(), 404);
    let whole = asked(&format!("/studies/{study}"), "application/zip").await;
    assert_eq!(whole.status(), 400);
    assert_eq!(archive.archive().policy().max_pdu, 16_384);
}
