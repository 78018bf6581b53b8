//! Uploads that are right, read by archives that are not; and heads that do not fit their bodies. A socket of our own shows what is on the wire.

use dicom_fixtures::ct;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An archive with one rule, as JSON.
async fn archive(rule: &str) -> MockArchive {
    let rule: Rule = serde_json::from_str(rule).unwrap();
    MockArchive::builder().rule(rule).start().await.unwrap()
}

/// The whole answer to a request that is written as it stands, until the connection closes.
async fn answer(archive: &MockArchive, request: &[u8]) -> String {
    let url = url::Url::parse(&archive.web_url()).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(request).await.unwrap();
    let mut bytes = Vec::new();
    // A connection that is cut is what some of the faults are about.
    let _ = socket.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A store of two instances with everything that may vary in the caller's hand.
fn store(boundary: &str, parameter: &str, preamble: &str, padding: &str, head: &str) -> Vec<u8> {
    let study = ct("chest").size(16).slices(2);
    let mut body = preamble.as_bytes().to_vec();
    for instance in study.instances() {
        body.extend(format!("--{boundary}{padding}\r\n{head}\r\n\r\n").bytes());
        body.extend(&instance.bytes[..]);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{boundary}--\r\n").bytes());
    let mut request = format!(
        "POST /dicomweb/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/dicom+json\r\n\
         Content-Type: multipart/related; type=\"application/dicom\"; boundary={parameter}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    request
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("nothing")
}

const TYPE: &str = "Content-Type: application/dicom";

#[tokio::test]
async fn a_dialect_refuses_its_form_and_takes_the_plain_one() {
    let plain = store("b", "b", "", "", TYPE);
    let quoted = store("b", "\"b\"", "", "", TYPE);
    let special = store("a'b", "\"a'b\"", "", "", TYPE);
    let long = store(&"b".repeat(70), &"b".repeat(70), "", "", TYPE);
    let preamble = store("b", "b", "hello\r\n", "", TYPE);
    let padded = store("b", "b", "", " ", TYPE);
    let lower = store("b", "b", "", "", "content-type: application/dicom");
    let pdf = store("b", "b", "", "", "Content-Type: application/pdf");
    for (dialect, odd, expected, taken) in [
        (r#"{"boundary":"quoted"}"#, &plain, "400", &quoted),
        (r#"{"boundary":"unquoted"}"#, &quoted, "400", &plain),
        (r#"{"characters":"token"}"#, &special, "415", &plain),
        (r#"{"longest":64}"#, &long, "400", &plain),
        (r#"{"preamble":"part"}"#, &preamble, "202", &plain),
        (r#"{"padding":"refused"}"#, &padded, "400", &plain),
        (r#"{"part-type":"spelled"}"#, &lower, "409", &plain),
        (r#"{"part-type":"ignored"}"#, &pdf, "200", &plain),
    ] {
        let rule = format!(r#"{{"then":{{"read-multipart":{dialect}}}}}"#);
        let archive = archive(&rule).await;
        assert_eq!(status(&answer(&archive, odd).await), expected, "{dialect}");
        assert_eq!(status(&answer(&archive, taken).await), "200", "{dialect}");
    }
    let standard = MockArchive::start().await;
    for odd in [&plain, &quoted, &special, &long, &preamble, &padded, &lower] {
        assert_eq!(status(&answer(&standard, odd).await), "200");
    }
}

#[tokio::test]
async fn a_cut_body_is_taken_for_whole() {
    let archive = archive(r#"{"then":{"read-multipart":{"broken":"forgiven"}}}"#).await;
    let mut cut = store("b", "b", "", "", TYPE);
    let head = String::from_utf8_lossy(&cut).find("\r\n\r\n").unwrap() + 4;
    let body = cut.split_off(head);
    let body = &body[..body.len() - 300];
    let head = String::from_utf8(cut).unwrap();
    let length = head
        .split("Content-Length: ")
        .nth(1)
        .unwrap()
        .trim()
        .to_owned();
    let head = head.replace(&length, &body.len().to_string());

    let answer = answer(&archive, &[head.as_bytes(), body].concat()).await;
    assert_eq!(status(&answer), "200");
    assert_eq!(archive.stored().len(), 1);
}

const SEARCH: &[u8] =
    b"GET /dicomweb/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: application/dicom+json\r\n\r\n";

#[tokio::test]
async fn heads_and_bodies_are_changed_and_requests_misread() {
    let twice = archive(r#"{"then":{"change-header":{"value":"text/html","twice":true}}}"#).await;
    let got = answer(
        &twice,
        b"GET /dicomweb/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(got.matches("content-type:").count(), 2, "{got}");

    let empty = archive(r#"{"then":{"change-body":{"status":[404]}}}"#).await;
    let got = answer(
        &empty,
        b"GET /dicomweb/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert!(
        got.starts_with("HTTP/1.1 404") && got.ends_with("\r\n\r\n"),
        "{got}"
    );

    let lenient = archive(r#"{"then":{"change-request":{"value":"*/*","if-absent":true}}}"#).await;
    let asked = b"GET /dicomweb/studies HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&answer(&lenient, asked).await), "204");
    let strict = MockArchive::start().await;
    assert_eq!(status(&answer(&strict, asked).await), "406");

    let refusing = archive(r#"{"then":{"refuse-parameters":{}}}"#).await;
    let unknown = String::from_utf8_lossy(SEARCH).replace("studies ", "studies?xyzzy=1 ");
    assert_eq!(status(&answer(&refusing, unknown.as_bytes()).await), "400");
    assert_eq!(status(&answer(&refusing, SEARCH).await), "204");

    let lost = archive(r#"{"then":{"base-url":{"base":"http://inside.invalid/x"}}}"#).await;
    let got = answer(&lost, &store("b", "b", "", "", TYPE)).await;
    assert!(got.contains("http://inside.invalid/x/studies/"), "{got}");
}
