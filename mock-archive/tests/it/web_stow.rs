//! Storing over HTTP.

use std::collections::BTreeSet;
use std::io::Write;

use bytes::Bytes;
use dicom_fixtures::{Instance, Study, conflict, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::archive::Effect;
use dicom_mock_archive::fault::{BoundaryAnywhere, RefuseInstance};
use dicom_mock_archive::journal::Note;
use dicom_mock_archive::policy::{PatientConflict, Policy};
use dicom_mock_archive::rule::{Rule, storing};
use dicom_mock_archive::store::Storage;
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::stow::{FailureReason, StoreResponse};
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::client;

const TYPE: &str = "multipart/related; type=\"application/dicom\"; boundary=b";

fn small() -> Study {
    ct("chest").size(32).slices(4)
}

/// An archive that keeps instances in a folder.
async fn in_directory() -> (MockArchive, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let storage = Storage::directory(directory.path()).unwrap();
    let archive = MockArchive::builder()
        .storage(storage)
        .start()
        .await
        .unwrap();
    (archive, directory)
}

/// A body of whole parts between boundaries `b`.
fn body_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut writer = Writer::new(Boundary::parse("b").unwrap());
    let mut body = Vec::new();
    for part in parts {
        let headers = Headers::new().with("Content-Type", "application/dicom");
        body.extend_from_slice(&writer.part_head(&headers));
        body.extend_from_slice(part);
    }
    body.extend_from_slice(&writer.close());
    body
}

fn instances(instances: &[Instance]) -> Vec<u8> {
    body_of(instances.iter().map(|instance| &instance.bytes[..]))
}

struct Answer {
    status: StatusCode,
    headers: reqwest::header::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn receipt(&self) -> StoreResponse {
        assert_eq!(self.headers["content-type"], "application/dicom+json");
        let receipt = StoreResponse::from_json(&self.body).unwrap();
        assert_eq!(receipt.departures, Vec::<String>::new());
        receipt
    }

    fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        body["detail"].as_str().unwrap().to_owned()
    }
}

async fn post_as(
    archive: &MockArchive,
    path: &str,
    content_type: &str,
    body: impl Into<reqwest::Body>,
) -> Answer {
    let answer = client()
        .post(archive.web_url() + path)
        .header("Content-Type", content_type)
        .header("Accept", "application/dicom+json")
        .body(body)
        .send()
        .await
        .unwrap();
    Answer {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: answer.bytes().await.unwrap(),
    }
}

async fn post(archive: &MockArchive, path: &str, body: Vec<u8>) -> Answer {
    post_as(archive, path, TYPE, body).await
}

#[tokio::test]
async fn everything_stored_is_200_with_an_item_for_each_instance() {
    let archive = MockArchive::start().await;
    let study = small();

    let answer = post(&archive, "/studies", instances(study.instances())).await;

    assert_eq!(answer.status, StatusCode::OK);
    let receipt = answer.receipt();
    let said: BTreeSet<_> = receipt
        .referenced
        .iter()
        .map(|item| item.sop_instance.clone().unwrap().to_string())
        .collect();
    assert_eq!(said, study.uids().into_iter().collect());
    assert!(receipt.failed.is_empty());
    let url = format!("{}/studies/{}", archive.web_url(), study.study_uid());
    assert_eq!(receipt.retrieve_url.as_deref(), Some(&*url));
    assert_eq!(answer.headers["location"], url);
    assert_eq!(answer.headers["content-location"], url);
    assert!(
        receipt.referenced[0]
            .retrieve_url
            .as_ref()
            .unwrap()
            .starts_with(&url)
    );
    assert_eq!(archive.stored(), study.uids());
}

#[tokio::test]
async fn one_refused_instance_is_202_with_its_reason_and_resending_it_completes_the_study() {
    let archive = MockArchive::start().await;
    let study = small();
    archive.inject(
        Rule::when(storing().instance(study.uid(2)))
            .then(RefuseInstance {
                reason: FailureReason::OUT_OF_RESOURCES,
            })
            .once(),
    );

    let answer = post(&archive, "/studies", instances(study.instances())).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let receipt = answer.receipt();
    assert_eq!(receipt.referenced.len(), 3);
    assert_eq!(receipt.failed.len(), 1);
    assert_eq!(
        receipt.failed[0].sop_instance.as_ref().unwrap().as_str(),
        study.uid(2)
    );
    assert_eq!(
        receipt.failed[0].reason,
        Some(FailureReason::OUT_OF_RESOURCES)
    );
    assert_eq!(archive.stored().len(), 3);

    let again = post(&archive, "/studies", instances(&study.instances()[2..3])).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(archive.stored(), study.uids());
    insta::assert_snapshot!(archive.journal(), @r"
    1. POST /dicomweb/studies -> 202
       study-1/instance-1 stored
       study-1/instance-2 stored
       study-1/instance-3 refused A700 [rule 1: refuse-instance]
       study-1/instance-4 stored
    2. POST /dicomweb/studies -> 200
       study-1/instance-3 stored
    ");
}

#[tokio::test]
async fn instances_of_another_study_than_the_path_names_are_refused() {
    let archive = MockArchive::start().await;
    let (study, other) = (small(), small().seed(7));
    let path = format!("/studies/{}", study.study_uid());

    let mixed = [&study.instances()[..1], &other.instances()[..1]].concat();
    let answer = post(&archive, &path, instances(&mixed)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let receipt = answer.receipt();
    assert_eq!(
        receipt.referenced[0]
            .sop_instance
            .as_ref()
            .unwrap()
            .as_str(),
        study.uid(0)
    );
    assert_eq!(
        receipt.failed[0].sop_instance.as_ref().unwrap().as_str(),
        other.uid(0)
    );
    assert_eq!(receipt.failed[0].reason.unwrap().0 & 0xFF00, 0xA900);

    let answer = post(&archive, &path, instances(other.instances())).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.receipt().failed.len(), 4);
    assert_eq!(archive.stored(), [study.uid(0).to_owned()]);
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_an_other_failure_and_the_rest_is_stored() {
    let archive = MockArchive::start().await;
    let study = small();
    let good = &study.instances()[0].bytes[..];

    let answer = post(&archive, "/studies", body_of([b"garbage".as_slice(), good])).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(
        answer.receipt().other_failures,
        [Some(FailureReason::CANNOT_UNDERSTAND)]
    );
    assert_eq!(archive.stored(), [study.uid(0).to_owned()]);

    let answer = post(&archive, "/studies", body_of([b"garbage".as_slice(), b""])).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.receipt().other_failures.len(), 2);
}

#[tokio::test]
async fn what_is_no_multipart_body_is_400_with_the_place() {
    let archive = MockArchive::start().await;
    let study = small();
    let whole = instances(&study.instances()[..1]);
    let cut = whole[..whole.len() - 500].to_vec();
    let cases: [(Vec<u8>, &str); 6] = [
        (vec![], "the body is empty (at byte 0 of the body)"),
        (
            b"just text".to_vec(),
            "the body holds no line --b (at byte 9 of the body)",
        ),
        (b"--b--\r\n".to_vec(), "the body has no part"),
        (
            b"--b\nContent-Type: x/y\n\nz".to_vec(),
            "a line ends in a bare LF where CRLF is required (at byte 3 of the body)",
        ),
        (
            b"--b\r\nno field\r\n\r\nz".to_vec(),
            "the header of part 1 holds the line \"no field\", which is no field",
        ),
        (cut, "the body ends inside part 1, after "),
    ];
    for (body, message) in cases {
        let answer = post(&archive, "/studies", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let said = answer.problem();
        assert!(said.starts_with(message), "{said} instead of {message}");
    }
    assert!(archive.stored().is_empty());
}

#[tokio::test]
async fn a_body_cut_in_its_second_part_keeps_the_first_and_says_so() {
    let archive = MockArchive::start().await;
    let study = small();
    let whole = instances(&study.instances()[..2]);

    let answer = post(&archive, "/studies", whole[..whole.len() - 500].to_vec()).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let receipt = answer.receipt();
    assert_eq!(receipt.referenced.len(), 1);
    assert_eq!(
        receipt.other_failures,
        [Some(FailureReason::CANNOT_UNDERSTAND)]
    );
    let warning = answer.headers["warning"].to_str().unwrap();
    assert!(warning.contains("the body ends inside part 2"), "{warning}");
    assert_eq!(archive.stored(), [study.uid(0).to_owned()]);
}

#[tokio::test]
async fn types_that_cannot_be_stored_are_415_and_boundaries_that_cannot_be_400() {
    let archive = MockArchive::start().await;
    let body = instances(&small().instances()[..1]);
    let cases = [
        (
            "text/plain",
            415,
            "Content-Type \"text/plain\" is neither multipart/related nor application/dicom",
        ),
        (
            "nonsense",
            415,
            "\"nonsense\" is not a media type: no type/subtype",
        ),
        (
            "multipart/form-data; boundary=b",
            415,
            "Content-Type \"multipart/form-data\" is neither",
        ),
        (
            "multipart/related; type=\"image/png\"; boundary=b",
            415,
            "parts of type \"image/png\" are not taken",
        ),
        (
            "multipart/related; type=\"application/dicom\"",
            400,
            "has no boundary parameter",
        ),
        (
            "multipart/related; boundary=\"a@b\"",
            400,
            "boundary \"a@b\" holds '@'",
        ),
    ];
    for (content_type, status, message) in cases {
        let answer = post_as(&archive, "/studies", content_type, body.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{content_type}");
        let said = answer.problem();
        assert!(said.contains(message), "{said} instead of {message}");
    }
    let pdf = String::from_utf8_lossy(&body).into_owned();
    assert!(pdf.contains("application/dicom"));
    let mut part_of_other_type = b"--b\r\nContent-Type: application/pdf\r\n\r\n%PDF".to_vec();
    part_of_other_type.extend_from_slice(b"\r\n--b--");
    let answer = post(&archive, "/studies", part_of_other_type).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.receipt().other_failures.len(), 1);
    assert!(archive.stored().is_empty());
}

#[tokio::test]
async fn every_legal_form_of_a_multipart_body_is_taken() {
    let study = small();
    let bytes = &study.instances()[0].bytes[..];
    let seventy = "b".repeat(70);
    let plain = |boundary: &str, before: &str, head: &str, after: &str| {
        let start = format!("{before}--{boundary}{head}\r\n\r\n");
        [
            start.as_bytes(),
            bytes,
            format!("\r\n--{boundary}--{after}").as_bytes(),
        ]
        .concat()
    };
    let typed = "\r\nContent-Type: application/dicom";
    let cases = [
        ("boundary=token", plain("token", "", typed, "\r\n")),
        (
            "boundary=\"'()+_,-./:=?\"",
            plain("'()+_,-./:=?", "", typed, "\r\n"),
        ),
        (
            &format!("boundary={seventy}"),
            plain(&seventy, "", typed, ""),
        ),
        ("boundary=\"in ner\"", plain("in ner", "", typed, "\r\n")),
        (
            "BOUNDARY=b",
            plain("b", "preamble\r\n", typed, "\r\nepilogue --b"),
        ),
        (
            "boundary=b",
            plain(
                "b",
                "\r\n",
                " \t \r\ncontent-TYPE: Application/DICOM\r\nMIME-Version: 1.0\r\nContent-ID: <1@x>",
                "",
            ),
        ),
        (
            "boundary=b",
            plain(
                "b",
                "",
                "\r\nContent-Type: application/dicom; transfer-syntax=1.2.840.10008.1.2.1",
                "",
            ),
        ),
        ("boundary=b", plain("b", "", "", "")),
        (
            "type=application/dicom; boundary=b",
            plain("b", "", typed, ""),
        ),
    ];
    for (parameters, body) in cases {
        let archive = MockArchive::start().await;
        let content_type = format!("multipart/related; {parameters}");
        let answer = post_as(&archive, "/studies", &content_type, body).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{content_type}: {:?}",
            answer.body
        );
        assert_eq!(archive.stored(), [study.uid(0).to_owned()]);
    }
}

/// An instance whose pixels hold `--b`, in the middle of a line.
fn with_token_in_pixels() -> (Study, Vec<u8>) {
    let study = small();
    let mut bytes = study.instances()[0].bytes.to_vec();
    let at = bytes.len() - 600;
    bytes[at..at + 12].copy_from_slice(b"xxxx--b yyyy");
    (study, bytes)
}

#[tokio::test]
async fn a_boundary_inside_pixels_is_data_unless_a_rule_says_otherwise() {
    let (study, bytes) = with_token_in_pixels();
    let archive = MockArchive::start().await;
    let answer = post(&archive, "/studies", body_of([&bytes[..]])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(archive.stored(), [study.uid(0).to_owned()]);

    let archive = MockArchive::start().await;
    archive.inject(Rule::when(storing()).then(BoundaryAnywhere::default()));
    let answer = post(&archive, "/studies", body_of([&bytes[..]])).await;
    assert_ne!(answer.status, StatusCode::OK);
    let answer = post(&archive, "/studies", instances(&small().instances()[1..2])).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_bare_instance_is_taken_and_the_answer_can_be_xml() {
    let archive = MockArchive::start().await;
    let study = small();
    let answer = post_as(
        &archive,
        "/studies",
        "application/dicom",
        study.instances()[0].bytes.to_vec(),
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    let answer = post_as(&archive, "/studies", "application/dicom", Vec::new()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);

    let send = |accept: &str| {
        client()
            .post(archive.web_url() + "/studies")
            .header("Content-Type", TYPE)
            .header("Accept", accept)
            .body(instances(&study.instances()[1..2]))
            .send()
    };
    let answer = send("application/dicom+xml").await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/dicom+xml");
    let receipt = StoreResponse::from_xml(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(
        receipt.referenced[0]
            .sop_instance
            .as_ref()
            .unwrap()
            .as_str(),
        study.uid(1)
    );
    let answer = send("image/png").await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_body_above_the_limit_is_413_and_readable() {
    let policy = Policy {
        max_request_bytes: Some(2000),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let body = vec![b'x'; 4 << 20];

    let answer = post(&archive, "/studies", body.clone()).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        answer.problem(),
        "a store request may have at most 2000 bytes"
    );

    let chunks = futures_util::stream::iter(
        body.chunks(100_000)
            .map(|c| Ok::<_, std::io::Error>(Bytes::copy_from_slice(c)))
            .collect::<Vec<_>>(),
    );
    let answer = post_as(
        &archive,
        "/studies",
        TYPE,
        reqwest::Body::wrap_stream(chunks),
    )
    .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn conflicting_patients_are_refused_where_policy_says_so() {
    let policy = Policy {
        patient_conflict: PatientConflict::Reject(FailureReason::PATIENT_CONFLICT),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let (first, second) = conflict();

    let all = [first.instances(), second.instances()].concat();
    let answer = post(&archive, "/studies", instances(&all)).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let reasons: Vec<_> = answer
        .receipt()
        .failed
        .iter()
        .map(|failed| failed.reason)
        .collect();
    assert_eq!(reasons, [Some(FailureReason::PATIENT_CONFLICT); 3]);
    assert_eq!(archive.stored(), first.uids());
}

#[tokio::test]
async fn one_instance_twice_in_a_request_is_accounted_twice_and_stored_once() {
    let archive = MockArchive::start().await;
    let study = small();
    let one = &study.instances()[0].bytes[..];
    let answer = post(&archive, "/studies", body_of([one, one])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.receipt().referenced.len(), 2);
    assert_eq!(archive.stored().len(), 1);
}

/// A request by hand: reqwest sends neither Expect nor half a body.
async fn open(archive: &MockArchive, head: &str) -> TcpStream {
    let address = archive
        .web_url()
        .replace("http://", "")
        .replace("/dicomweb", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /dicomweb/studies HTTP/1.1\r\nHost: {address}\r\nAccept: */*\r\n{head}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Waits until an exchange is over: what a client that went away left behind is settled then.
async fn until_ended(archive: &MockArchive, exchange: usize) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while archive
        .journal()
        .entries()
        .get(exchange)
        .is_none_or(|entry| entry.took.is_none())
    {
        assert!(
            std::time::Instant::now() < deadline,
            "exchange {exchange} does not end"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_expects_100_gets_it_or_the_final_status_at_once() {
    let archive = MockArchive::start().await;
    let body = instances(&small().instances()[..1]);
    let head = |kind: &str| {
        format!(
            "Content-Type: {kind}\r\nContent-Length: {}\r\nExpect: 100-continue",
            body.len()
        )
    };

    let mut stream = open(&archive, &head(TYPE)).await;
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 100 "));
    stream.write_all(&body).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));

    let mut stream = open(&archive, &head("text/plain")).await;
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 415 "));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_half_stored() {
    let (archive, directory) = in_directory().await;
    let study = ct("chest").size(512).slices(2);
    let body = instances(&study.instances()[..1]);
    let head = format!("Content-Type: {TYPE}\r\nContent-Length: {}", body.len());

    let mut stream = open(&archive, &head).await;
    stream.write_all(&body[..body.len() / 2]).await.unwrap();
    drop(stream);
    until_ended(&archive, 0).await;
    assert!(archive.stored().is_empty());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);

    let answer = post(&archive, "/studies", instances(&study.instances()[1..2])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(archive.stored(), [study.uid(1).to_owned()]);
}

#[tokio::test]
async fn what_came_whole_from_a_client_that_goes_away_is_stored_as_the_journal_says() {
    let (archive, _directory) = in_directory().await;
    let study = small();
    let body = instances(study.instances());
    let head = format!("Content-Type: {TYPE}\r\nContent-Length: {}", body.len());

    let mut stream = open(&archive, &head).await;
    stream.write_all(&body[..body.len() - 100]).await.unwrap();
    drop(stream);
    until_ended(&archive, 0).await;

    let said: Vec<String> = archive.journal().entries()[0]
        .notes
        .iter()
        .filter_map(|note| match note {
            Note::Judged {
                instance: Some(identity),
                effect: Effect::Added,
                ..
            } => Some(identity.instance.to_string()),
            _ => None,
        })
        .collect();
    let came: Vec<&str> = (0..3).map(|at| study.uid(at)).collect();
    assert_eq!(said, came);
    // What was said is done by a thread that nobody waits for.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while archive.stored().len() < came.len() {
        assert!(
            std::time::Instant::now() < deadline,
            "{:?}",
            archive.stored()
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn many_small_instances_become_files_in_their_order_whatever_is_among_them() {
    let (archive, directory) = in_directory().await;
    let study = ct("chest").size(8).slices(150);
    let large = ct("other").seed(2).size(1024).slices(1);
    let bytes = |at: usize| &study.instances()[at].bytes[..];
    let mut parts: Vec<&[u8]> = (0..70).map(bytes).collect();
    parts.extend([
        b"no instance",
        bytes(10),
        bytes(69),
        &large.instances()[0].bytes,
    ]);
    parts.extend((70..150).map(bytes));

    let answer = post(&archive, "/studies", body_of(parts)).await;

    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let receipt = answer.receipt();
    let said: Vec<String> = receipt
        .referenced
        .iter()
        .filter_map(|referenced| Some(referenced.sop_instance.as_ref()?.to_string()))
        .collect();
    let uid = |at: usize| study.uid(at).to_owned();
    let mut expected: Vec<String> = (0..70).map(uid).collect();
    expected.extend([uid(10), uid(69), large.uid(0).to_owned()]);
    expected.extend((70..150).map(uid));
    assert_eq!(said, expected);
    assert_eq!(receipt.other_failures.len(), 1);
    let file = |study: &Study, at: usize| {
        let instance = &study.instances()[at];
        let folder = directory.path().join(study.study_uid());
        let name = format!("{}.dcm", instance.sop_instance);
        let mut series = std::fs::read_dir(folder).unwrap();
        series.any(|series| {
            std::fs::read(series.unwrap().path().join(&name))
                .is_ok_and(|bytes| bytes == instance.bytes)
        })
    };
    assert!((0..150).all(|at| file(&study, at)));
    assert!(file(&large, 0));
}

#[tokio::test]
async fn a_body_in_single_bytes_is_read_as_any_other() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(8).slices(1);
    let body = instances(study.instances());
    let mut stream = open(
        &archive,
        &format!("Content-Type: {TYPE}\r\nTransfer-Encoding: chunked"),
    )
    .await;
    let mut chunked = Vec::new();
    for byte in body {
        chunked.extend_from_slice(&[b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    stream.write_all(&chunked).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(archive.stored(), study.uids());
}

/// A body as a client compresses it.
fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_compressed_body_is_stored_as_what_it_was() {
    let archive = MockArchive::start().await;
    let study = small();
    let send = async |body: Vec<u8>, coding: &str| {
        let request = client().post(format!("{}/studies", archive.web_url()));
        let request = request
            .header("content-type", TYPE)
            .header("content-encoding", coding);
        let request = request.header("accept", "application/dicom+json");
        request.body(body).send().await.unwrap()
    };
    let whole = packed(&instances(study.instances()));
    let cut = whole[..whole.len() - 10].to_vec();

    assert_eq!(send(whole, "gzip").await.status(), StatusCode::OK);
    assert_eq!(archive.stored(), study.uids());
    // Some of it was whole before the coding broke off.
    assert_eq!(send(cut, "gzip").await.status(), StatusCode::ACCEPTED);
    let plain = send(instances(study.instances()), "gzip").await;
    assert_eq!(plain.status(), StatusCode::BAD_REQUEST);
    let unknown = send(Vec::from("x"), "br").await;
    assert_eq!(unknown.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(unknown.headers()["accept-encoding"], "gzip, identity");
}

#[tokio::test]
async fn the_limit_of_a_request_counts_what_it_inflates_to() {
    let policy = Policy {
        max_request_bytes: Some(100_000),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let bomb = packed(&vec![0; 10_000_000]);
    assert!(bomb.len() < 100_000);
    let request = client().post(format!("{}/studies", archive.web_url()));
    let request = request
        .header("content-type", TYPE)
        .header("content-encoding", "gzip");
    let answer = request.body(bomb).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
}
