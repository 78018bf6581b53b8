//! HTTP/1.1 byte by byte over a socket of our own: for requests that no client library would send, and answers that it would hide.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use crate::outcome::{Finding, Verdict};
use crate::transcript::{Ticket, Transcript, excerpt};

use super::body::find;

/// The longest head that is read.
const HEAD_LIMIT: usize = 64 * 1024;
/// The longest answer that is read.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// A way to an HTTP server over sockets of our own, one for each request.
#[derive(Clone, Debug)]
pub struct Raw {
    host: String,
    port: u16,
    prefix: String,
    transcript: Transcript,
}

/// An answer's head as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAnswer {
    /// Status code of the status line.
    pub status: u16,
    /// Names in lower case and values, in order, repeated as sent.
    pub headers: Vec<(String, String)>,
}

/// A whole answer, read until the server closed the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its head.
    pub head: RawAnswer,
    /// Its body without transfer coding, as far as it could be read.
    pub body: Bytes,
    /// What is wrong with how the body is framed (RFC 9112 6); nothing if all is well.
    pub misframed: Option<String>,
}

impl RawAnswer {
    /// The values of a header field, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.headers.iter().filter(|(known, _)| known == name);
        fields.map(|(_, value)| value.as_str()).collect()
    }

    /// The first value of a header field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }
}

impl Whole {
    /// In a few words: `409, application/dicom+json`.
    pub fn summary(&self) -> String {
        let kind = self.head.field("content-type").unwrap_or("no type");
        match self.body.len() {
            0 => format!("{}, no body", self.head.status),
            _ => format!("{}, {kind}", self.head.status),
        }
    }
}

impl Raw {
    /// To the service at this base URL.
    ///
    /// # Errors
    /// Not applicable over TLS.
    pub fn new(base: &Url, transcript: Transcript) -> Verdict<Self> {
        match (base.scheme(), base.host_str()) {
            ("http", Some(host)) => Ok(Self {
                host: host.into(),
                port: base.port_or_known_default().unwrap_or(80),
                prefix: base.path().trim_end_matches('/').into(),
                transcript,
            }),
            (scheme, _) => Err(Finding::NotApplicable(format!(
                "raw requests need http, not {scheme}"
            ))),
        }
    }

    /// Sends a request without a body for a path below the service, with exactly these header lines beside Host and Connection, and
    /// reads the head of the answer.
    ///
    /// # Errors
    /// A failure if no well-formed head comes.
    pub async fn head(&self, method: &str, path: &str, headers: &[&str]) -> Verdict<RawAnswer> {
        let (mut socket, line, ticket) = self.ask(method, path, headers, &[]).await?;
        let mut bytes = Vec::new();
        let end = self.read_head(&mut socket, &mut bytes, &line).await?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        self.transcript
            .got(ticket, head.lines().next().unwrap_or_default(), &head);
        parse(&head)
    }

    /// Sends a request with exactly these header lines beside Host and Connection, its body in these pieces, each in a segment of its
    /// own, and reads the whole answer. A Content-Length is added where there is a body and neither that nor a Transfer-Encoding.
    ///
    /// # Errors
    /// A failure if no well-formed head comes.
    pub async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[Bytes],
    ) -> Verdict<Whole> {
        let (mut socket, line, ticket) = self.ask(method, path, headers, body).await?;
        let mut bytes = Vec::new();
        let (head, start) = loop {
            let end = self.read_head(&mut socket, &mut bytes, &line).await?;
            let head = parse(&String::from_utf8_lossy(&bytes[..end]))?;
            if head.status >= 200 {
                break (head, end + 4);
            }
            // An interim answer (RFC 9110 15.2): another one follows.
            bytes.drain(..end + 4);
        };
        let mut ending = Ok(());
        loop {
            if bytes.len() > ANSWER_LIMIT {
                return Err(Finding::fail(format!(
                    "an answer of more than {ANSWER_LIMIT} bytes"
                )));
            }
            match socket.read_buf(&mut bytes).await {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    ending = Err(error.to_string());
                    break;
                }
            }
        }
        let rest = Bytes::from(bytes).slice(start..);
        let (body, misframed) = match unframed(&head, method, &rest) {
            Ok(body) => (body, ending.err()),
            Err((body, wrong)) => (body, Some(wrong)),
        };
        let whole = Whole {
            head,
            body,
            misframed,
        };
        let fields = whole.head.headers.iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        let detail = format!(
            "HTTP {}\n{}\n{}",
            whole.head.status,
            fields.concat(),
            excerpt(&whole.body)
        );
        self.transcript.got(ticket, whole.summary(), &detail);
        Ok(whole)
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[&str],
        body: &[Bytes],
    ) -> Verdict<(TcpStream, String, Ticket)> {
        let Self {
            host, port, prefix, ..
        } = self;
        let line = format!("{method} {prefix}{path}");
        let mut text = format!("{line} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        for field in headers {
            text.push_str(field);
            text.push_str("\r\n");
        }
        let length: usize = body.iter().map(Bytes::len).sum();
        let framed = |field: &&str| {
            let name = field.split(':').next().unwrap_or_default();
            ["content-length", "transfer-encoding"].contains(&name.to_ascii_lowercase().as_str())
        };
        if length > 0 && !headers.iter().any(framed) {
            text.push_str(&format!("Content-Length: {length}\r\n"));
        }
        text.push_str("Connection: close\r\n\r\n");
        let detail = match length {
            0 => text.clone(),
            _ => format!("{text}{length} bytes in {} pieces", body.len()),
        };
        if !line.starts_with("POST") {
            self.transcript.settled().await;
        }
        let ticket = self.transcript.sent(&line, detail);

        let failed = |error: std::io::Error| Finding::fail(format!("no answer to {line}: {error}"));
        let address = (host.trim_matches(['[', ']']), *port);
        let mut socket = TcpStream::connect(address).await.map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        socket.write_all(text.as_bytes()).await.map_err(failed)?;
        for piece in body {
            // A server may answer and close before it has read everything: what it said is what counts.
            if socket.write_all(piece).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok((socket, line, ticket))
    }

    async fn read_head(
        &self,
        socket: &mut TcpStream,
        bytes: &mut Vec<u8>,
        line: &str,
    ) -> Verdict<usize> {
        loop {
            if let Some(end) = find(bytes, b"\r\n\r\n", 0) {
                return Ok(end);
            }
            if bytes.len() > HEAD_LIMIT {
                return Err(Finding::fail(format!(
                    "a head of more than {HEAD_LIMIT} bytes"
                )));
            }
            let read = socket.read_buf(bytes).await;
            if read.map_err(|error| Finding::fail(format!("no answer to {line}: {error}")))? == 0 {
                return Err(Finding::fail(format!(
                    "the connection closed after {} bytes, inside the head",
                    bytes.len()
                )));
            }
        }
    }
}

/// The body by its framing (RFC 9112 6.3), or as much of it as there is and what is wrong.
fn unframed(head: &RawAnswer, method: &str, rest: &Bytes) -> Result<Bytes, (Bytes, String)> {
    let lengths = head.all("content-length");
    let codings = head.all("transfer-encoding");
    let bodyless = method == "HEAD" || matches!(head.status, 204 | 304);
    let wrong = |text: String| Err((rest.clone(), text));
    if bodyless {
        return match rest.is_empty() {
            true => Ok(Bytes::new()),
            false => wrong(format!(
                "{} with {} bytes after the head",
                head.status,
                rest.len()
            )),
        };
    }
    match (&lengths[..], &codings[..]) {
        ([], []) => wrong("neither Content-Length nor Transfer-Encoding".into()),
        ([_, ..], [_, ..]) => wrong("both Content-Length and Transfer-Encoding".into()),
        ([_, _, ..], _) => wrong(format!("Content-Length {}", lengths.join(" and "))),
        ([length], []) => match length.parse::<usize>() {
            Ok(length) if length == rest.len() => Ok(rest.clone()),
            _ => wrong(format!(
                "Content-Length {length}, and {} bytes came",
                rest.len()
            )),
        },
        ([], _) => dechunked(rest),
    }
}

/// The body of a chunked message (RFC 9112 7.1).
fn dechunked(rest: &Bytes) -> Result<Bytes, (Bytes, String)> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let from = at;
        let wrong = |body: Vec<u8>, what: &str| {
            Err((
                body.into(),
                format!("chunked coding with {what} at byte {from}"),
            ))
        };
        let Some(end) = find(rest, b"\r\n", at) else {
            return wrong(body, "no line end");
        };
        let line = String::from_utf8_lossy(&rest[at..end]).into_owned();
        let size = line.split(';').next().unwrap_or_default().trim();
        let Ok(size) = usize::from_str_radix(size, 16) else {
            return wrong(body, "a size that is no number");
        };
        at = end + 2;
        if size == 0 {
            return match rest.get(at..) {
                Some(trailers) if trailers.ends_with(b"\r\n") => Ok(body.into()),
                _ => wrong(body, "no end after the last chunk"),
            };
        }
        match at.checked_add(size).and_then(|end| rest.get(at..end)) {
            Some(chunk) if rest[at + size..].starts_with(b"\r\n") => body.extend_from_slice(chunk),
            _ => return wrong(body, "a chunk shorter or longer than its size"),
        }
        at += size + 2;
    }
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

    fn framed(headers: &[(&str, &str)], body: &'static str) -> Result<String, String> {
        let head = RawAnswer {
            status: 200,
            headers: (headers.iter())
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        };
        let text = |body: Bytes| String::from_utf8_lossy(&body).into_owned();
        match unframed(&head, "GET", &Bytes::from_static(body.as_bytes())) {
            Ok(body) => Ok(text(body)),
            Err((_, wrong)) => Err(wrong),
        }
    }

    #[test]
    fn a_body_is_as_long_as_its_head_says() {
        let length = |value| [("content-length", value)];
        assert_eq!(framed(&length("3"), "abc").unwrap(), "abc");
        assert_eq!(
            framed(&length("4"), "abc").unwrap_err(),
            "Content-Length 4, and 3 bytes came"
        );
        assert!(framed(&[], "abc").unwrap_err().starts_with("neither"));
        let chunked = [("transfer-encoding", "chunked")];
        assert_eq!(
            framed(&chunked, "2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n").unwrap(),
            "abc"
        );
        for cut in [
            "2\r\nab\r\n",
            "2\r\nab",
            "2\r\nabc\r\n0\r\n\r\n",
            "x\r\n",
            "",
        ] {
            assert!(framed(&chunked, cut).is_err(), "{cut:?}");
        }
        let both = [("content-length", "3"), ("transfer-encoding", "chunked")];
        assert!(framed(&both, "abc").unwrap_err().starts_with("both"));
    }

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
