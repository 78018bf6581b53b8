//! Asking over HTTP, with nothing between the bytes and who reads them.

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::personality::Seen;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Came;
use super::held::Held;

pub(super) async fn web(archive: &MockArchive, held: &Held, seen: &Seen) -> Came {
    let asked = held.name(&seen.ask);
    let (method, target) = asked.split_once(' ').unwrap_or((&asked, ""));
    let mut head =
        format!("{method} /dicomweb{target} HTTP/1.1\r\nHost: archive\r\nConnection: close\r\n");
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut body = Vec::new();
    if let Some(upload) = &seen.send {
        let (content_type, content) = held.upload(upload);
        fields.extend(content_type.map(|value| ("content-type".to_owned(), value)));
        fields.push(("content-length".to_owned(), content.len().to_string()));
        body = content;
    }
    fields.push(("accept".to_owned(), "*/*".to_owned()));
    for (name, value) in &seen.with {
        fields.retain(|(other, _)| other != name);
        fields.push((name.clone(), value.clone()));
    }
    // Without a value: not at all.
    fields.retain(|(_, value)| !value.is_empty());
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    let mut request = format!("{head}\r\n").into_bytes();
    request.extend_from_slice(&body);

    let url = archive.web_url();
    let address = url
        .trim_start_matches("http://")
        .split('/')
        .next()
        .unwrap_or_default();
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return Came::new("refused", "");
    };
    let mut answer = Vec::new();
    // An archive that refuses early may be gone before all is written; what it said is read all the same.
    let _ = stream.write_all(&request).await;
    if seen.send.as_deref() == Some("promised") {
        let _ = stream.shutdown().await;
    }
    if let (Err(_), true) = (stream.read_to_end(&mut answer).await, answer.is_empty()) {
        return Came::new("reset", "");
    }
    read(&answer)
}

/// Status, head and body of an answer.
fn read(answer: &[u8]) -> Came {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Came::new("closed", "");
    };
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let (line, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
    let status = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let fields: Vec<String> = fields
        .split("\r\n")
        .map(|field| match field.split_once(": ") {
            Some((name, value)) => format!("{}: {value}", name.to_ascii_lowercase()),
            None => field.to_owned(),
        })
        .collect();
    let chunked = fields
        .iter()
        .any(|field| field == "transfer-encoding: chunked");
    let body = match chunked {
        true => dechunked(&answer[end + 4..]),
        false => answer[end + 4..].to_vec(),
    };
    let mut text = fields.join("\n") + "\n\n" + &String::from_utf8_lossy(&body);
    if let Ok(serde_json::Value::Array(rows)) = serde_json::from_slice(&body) {
        text += &format!("\nrows {}\n", rows.len());
    }
    Came::new(status, text)
}

fn dechunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(at) = rest.windows(2).position(|window| window == b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..at]).into_owned();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < at + 2 + size {
            break;
        }
        body.extend_from_slice(&rest[at + 2..at + 2 + size]);
        rest = &rest[(at + 4 + size).min(rest.len())..];
    }
    body
}
