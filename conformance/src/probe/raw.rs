//! HTTP/1.1 byte by byte over a socket of our own: for requests that no client library would send, and answers that it would hide.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::outcome::{Finding, Verdict};
use crate::transcript::Transcript;

use super::body::find;

/// The longest head that is read.
const HEAD_LIMIT: usize = 64 * 1024;

/// An answer's head as it came, and the first bytes after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnswer {
    /// Status code of the status line.
    pub status: u16,
    /// Names in lower case and values, in order, repeated as sent.
    pub headers: Vec<(String, String)>,
}

/// Sends a request without a body, exactly these header lines beside Host, and reads the head of the answer.
///
/// # Errors
/// A failure if no well-formed head comes; not applicable over TLS.
pub async fn head_of(
    base: &Url,
    request: &str,
    headers: &[&str],
    transcript: &Transcript,
) -> Verdict<RawAnswer> {
    let host = match (base.scheme(), base.host_str()) {
        ("http", Some(host)) => host,
        (scheme, _) => {
            return Err(Finding::NotApplicable(format!(
                "raw requests need http, not {scheme}"
            )));
        }
    };
    let port = base.port_or_known_default().unwrap_or(80);
    let failed = |error: std::io::Error| Finding::fail(format!("no answer: {error}"));

    let mut text = format!("{request} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    for line in headers {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("Connection: close\r\n\r\n");
    let ticket = transcript.sent(request, &text);

    let mut socket = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .map_err(failed)?;
    socket.write_all(text.as_bytes()).await.map_err(failed)?;
    let mut head = Vec::new();
    let end = loop {
        if let Some(end) = find(&head, b"\r\n\r\n", 0) {
            break end;
        }
        if head.len() > HEAD_LIMIT {
            return Err(Finding::fail(format!(
                "a head of more than {HEAD_LIMIT} bytes"
            )));
        }
        if socket.read_buf(&mut head).await.map_err(failed)? == 0 {
            return Err(Finding::fail(format!(
                "the connection closed after {} bytes, inside the head",
                head.len()
            )));
        }
    };
    let head = String::from_utf8_lossy(&head[..end]).into_owned();
    transcript.got(ticket, head.lines().next().unwrap_or_default(), &head);
    parse(&head)
}

fn parse(head: &str) -> Verdict<RawAnswer> {
    let mut lines = head.split("\r\n");
    let status_line = lines.next().unwrap_or_default();
    let status = status_line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .filter(|code| (100..600).contains(code));
    let Some(status) = status else {
        return Err(Finding::fail(format!("the status line {status_line:?}")));
    };
    let mut headers = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(Finding::fail(format!("the header line {line:?}")));
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(RawAnswer { status, headers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_as_it_stands() {
        let answer = parse("HTTP/1.1 204 No Content\r\nServer: x\r\nX-A:  b").unwrap();
        assert_eq!(answer.status, 204);
        assert_eq!(
            answer.headers,
            [("server".into(), "x".into()), ("x-a".into(), "b".into())]
        );
        assert!(parse("ICY 200 OK").is_err());
        assert!(parse("HTTP/1.1 200 OK\r\nno colon").is_err());
    }
}
