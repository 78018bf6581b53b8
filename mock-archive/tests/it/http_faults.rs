//! Faults of HTTP itself, as bytes on a socket.

use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{CHEST, client, stow_request};

/// An archive with this fault, that holds one study.
async fn with(fault: &str) -> MockArchive {
    let archive = MockArchive::start().await;
    archive.load(&CHEST).unwrap();
    archive.inject(Rule::parse(fault).unwrap());
    archive
}

async fn connect(archive: &MockArchive) -> TcpStream {
    let url = archive.web_url();
    let address = url.strip_prefix("http://").unwrap().split('/').next();
    TcpStream::connect(address.unwrap()).await.unwrap()
}

/// All bytes that answer these, to the end of the connection.
async fn raw(archive: &MockArchive, request: &str) -> Vec<u8> {
    let mut stream = connect(archive).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let ended = tokio::time::timeout(Duration::from_secs(20), reading).await;
    // A reset after the answer is an end too.
    let _ = ended.expect("the connection ends");
    answer
}

const SEARCH: &str = "GET /dicomweb/studies HTTP/1.1\r\nHost: archive\r\nAccept: application/dicom+json\r\nConnection: close\r\n\r\n";

/// Head and body of what came.
fn parted(answer: &[u8]) -> (String, Vec<u8>) {
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let at = at.expect("a head") + 4;
    let head = String::from_utf8(answer[..at].to_vec()).unwrap();
    (head.to_ascii_lowercase(), answer[at..].to_vec())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn a_length_is_misstated_and_the_body_is_the_true_one() {
    let truth = parted(&raw(&with("delay:by=1ms").await, SEARCH).await).1;
    for by in [10_i64, -10] {
        let archive = with(&format!("misstate-length:by={by}")).await;

        let (head, body) = parted(&raw(&archive, SEARCH).await);

        let said: i64 = header(&head, "content-length").unwrap().parse().unwrap();
        assert_eq!(said - body.len() as i64, by, "{head}");
        assert_eq!(body, truth);
    }
}

#[tokio::test]
async fn chunks_lack_their_end_or_have_no_size() {
    let archive = with("break-chunks").await;
    let (head, body) = parted(&raw(&archive, SEARCH).await);
    assert_eq!(header(&head, "transfer-encoding"), Some("chunked"));
    let text = String::from_utf8_lossy(&body);
    assert!(text.ends_with("]\r\n"), "no last chunk: {text}");

    let archive = with("break-chunks:how=bad-size").await;
    let (_, body) = parted(&raw(&archive, SEARCH).await);
    assert!(body.starts_with(b"size\r\n["));
    let answer = client()
        .get(archive.web_url() + "/studies")
        .send()
        .await
        .unwrap();
    assert!(answer.bytes().await.is_err(), "a client notices");
}

#[tokio::test]
async fn an_answer_dribbles_in_chunks_of_a_few_bytes() {
    let archive = with("dribble:bytes=5").await;

    let (_, body) = parted(&raw(&archive, SEARCH).await);

    assert!(body.starts_with(b"5\r\n[{\"00\r\n5\r\n"), "{body:?}");
    assert!(body.ends_with(b"0\r\n\r\n"));
    let whole = client().get(archive.web_url() + "/studies").send().await;
    let whole = whole.unwrap().bytes().await.unwrap();
    let rows: serde_json::Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_answer_in_http_1_0_ends_with_its_connection() {
    let archive = with("old-http").await;

    let (head, body) = parted(&raw(&archive, &SEARCH.replace("Connection: close\r\n", "")).await);

    assert!(head.starts_with("http/1.0 200"), "{head}");
    assert_eq!(header(&head, "content-length"), None);
    assert_eq!(header(&head, "transfer-encoding"), None);
    assert!(body.starts_with(b"[{") && body.ends_with(b"]"));
}

#[tokio::test]
async fn a_body_is_coded_as_nobody_asked() {
    fn gunzipped(bytes: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(bytes);
        decoder.read_to_end(&mut plain).unwrap();
        plain
    }
    // HTTP/1.0 frames nothing: what comes is the body.
    let search = SEARCH.replace("HTTP/1.1", "HTTP/1.0");
    let truth = parted(&raw(&with("delay:by=1ms").await, &search).await).1;
    for (coding, named, undo) in [
        ("always", true, gunzipped as fn(&[u8]) -> Vec<u8>),
        ("claimed", true, <[u8]>::to_vec),
        ("twice", true, |bytes| gunzipped(&gunzipped(bytes))),
        ("unnamed", false, gunzipped),
    ] {
        let archive = with(&format!("encode-body:coding={coding}")).await;

        let (head, body) = parted(&raw(&archive, &search).await);

        assert_eq!(
            header(&head, "content-encoding").is_some(),
            named,
            "{coding}: {head}"
        );
        assert_eq!(undo(&body), truth, "{coding}");
    }
}

#[tokio::test]
async fn a_redirect_goes_where_it_is_told() {
    for (arguments, location) in [
        ("to=same", "/dicomweb/studies?limit=1"),
        (
            "to=other-host",
            "http://archive.invalid/dicomweb/studies?limit=1",
        ),
        ("to=login", "/login"),
        ("url=/elsewhere", "/elsewhere"),
    ] {
        let archive = with(&format!("redirect:status=307:{arguments}")).await;

        let request = SEARCH.replace("/studies", "/studies?limit=1");
        let (head, _) = parted(&raw(&archive, &request).await);

        assert!(head.starts_with("http/1.1 307"), "{head}");
        assert_eq!(header(&head, "location"), Some(location));
    }
    let archive = with("http.redirect-loop").await;
    let followed = client().get(archive.web_url() + "/studies").send().await;
    assert!(followed.unwrap_err().is_redirect(), "a client gives up");
}

async fn search(archive: &MockArchive, token: &str) -> u16 {
    let request = client().get(archive.web_url() + "/studies");
    let answer = request.bearer_auth(token).send().await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_rate_is_limited_after_a_burst() {
    let archive = with("rate-limit:per-second=0:burst=3").await;

    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(search(&archive, "any").await);
    }

    assert_eq!(seen, [200, 200, 200, 429, 429]);
    let rule = archive.rules()[0].id;
    archive.verify(rule, 2).unwrap();
}

#[tokio::test]
async fn a_token_is_good_for_some_requests_and_then_another_is_wanted() {
    let archive = with("auth.expire").await;

    let mut seen = Vec::new();
    for token in ["a", "a", "a", "a", "b", "a"] {
        seen.push(search(&archive, token).await);
    }

    assert_eq!(seen, [200, 200, 200, 401, 200, 401]);
    let (head, _) = parted(&raw(&archive, SEARCH).await);
    assert!(head.starts_with("http/1.1 200"), "none was sent: {head}");
}

#[tokio::test]
async fn a_token_is_judged_by_a_clock_that_goes_wrong() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    let token = |claims: serde_json::Value| {
        let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("e30.{payload}.c2ln")
    };
    let fresh = token(serde_json::json!({ "nbf": now, "exp": now + 600 }));
    let old = token(serde_json::json!({ "nbf": now - 600, "exp": now + 60 }));

    let behind = with("judge-token-times:seconds=-300").await;
    assert_eq!(search(&behind, &fresh).await, 401);
    assert_eq!(search(&behind, &old).await, 200);
    let ahead = with("judge-token-times:seconds=300").await;
    assert_eq!(search(&ahead, &fresh).await, 200);
    assert_eq!(search(&ahead, &old).await, 401);
    assert_eq!(search(&ahead, "no token of this kind").await, 200);
}

/// The head of an upload that asks first, and its body.
fn upload(length: usize) -> (String, Vec<u8>) {
    let head = format!(
        "POST /dicomweb/studies HTTP/1.1\r\nHost: archive\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    );
    (head, vec![b'x'; length])
}

async fn read_some(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let length = stream.read(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[tokio::test]
async fn an_upload_is_refused_before_it_is_sent_or_after() {
    let (head, body) = upload(100_000);
    let archive = with("auth.late-401").await;
    let mut stream = connect(&archive).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 100"));
    stream.write_all(&body).await.unwrap();
    assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 401"));

    let archive = with("auth.early-401").await;
    let mut stream = connect(&archive).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_some(&mut stream).await.to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 401"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_body_that_is_too_long_is_refused_when_it_is_told_to_be() {
    for when in ["header", "middle", "end"] {
        let archive = with(&format!("limit-body:bytes=5000:when={when}")).await;

        let answer = stow_request(&archive, CHEST.instances()).send().await;
        // Who is cut off while sending may see that and not the answer.
        if let Ok(answer) = answer {
            assert_eq!(answer.status(), 413, "{when}");
        } else {
            assert_ne!(when, "end");
        }
        let small = stow_request(&archive, &CHEST.instances()[..1]).send().await;
        assert_eq!(small.unwrap().status(), 200, "{when}");
    }
    // Nobody knows the length of this one before it has come.
    let archive = with("limit-body:bytes=100").await;
    let chunked = "POST /dicomweb/studies HTTP/1.1\r\nHost: archive\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("C8\r\n{}\r\n", "x".repeat(200));
    let (head, _) = parted(&raw(&archive, &format!("{chunked}{chunk}")).await);
    assert!(head.starts_with("http/1.1 413"), "{head}");
}

#[tokio::test]
async fn what_is_not_spoiled_is_answered_on_the_same_connection_as_before() {
    let archive = with("misstate-length:by=1:once").await;
    let mut stream = connect(&archive).await;
    let keep = SEARCH.replace("Connection: close\r\n", "Accept-Encoding: identity\r\n");
    stream.write_all(keep.as_bytes()).await.unwrap();
    let first = read_some(&mut stream).await;
    assert!(
        first.to_ascii_lowercase().contains("connection: close"),
        "{first}"
    );

    let mut stream = connect(&archive).await;
    for _ in 0..2 {
        stream.write_all(keep.as_bytes()).await.unwrap();
        assert!(read_some(&mut stream).await.starts_with("HTTP/1.1 200"));
    }
}
