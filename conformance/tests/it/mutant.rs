//! A proxy that turns an honest archive into a broken one, with nothing of the mock archive's own faults in it: it reads HTTP itself,
//! changes requests or answers, and knows neither policy nor rules.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

/// A request on its way to the archive.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    head: Vec<String>,
    body: Vec<u8>,
}

/// An answer on its way back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What is wrong with it.
#[derive(Clone, Copy)]
pub(crate) enum Lie {
    /// Nothing: the proxy alone does no harm.
    None,
    /// Stores go to another archive, whose answer is handed on.
    StoresElsewhere,
    /// The target of a request is another one.
    Asks(fn(&str) -> String),
    /// An answer to a request is another one.
    Answers(fn(&Request, &mut Answer)),
}

impl Answer {
    pub(crate) fn is(&self, kind: &str) -> bool {
        let mut fields = self.fields.iter();
        fields
            .any(|(name, value)| name.eq_ignore_ascii_case("content-type") && value.contains(kind))
    }

    /// Changes the rows or data sets of a JSON answer.
    pub(crate) fn rows(&mut self, change: fn(&mut Vec<serde_json::Value>)) {
        if let Ok(serde_json::Value::Array(mut rows)) = serde_json::from_slice(&self.body) {
            change(&mut rows);
            self.body = serde_json::Value::Array(rows).to_string().into_bytes();
        }
    }
}

/// A running proxy; dropping it ends it.
pub(crate) struct Proxy {
    pub(crate) url: Url,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Between a harness and this archive; the second one takes what the first is not to see.
    pub(crate) async fn start(archive: &Url, elsewhere: &Url, lie: Lie) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut url = archive.clone();
        url.set_port(Some(listener.local_addr().unwrap().port()))
            .unwrap();
        let addresses = Arc::new([archive, elsewhere].map(|url| {
            let port = url.port().unwrap();
            format!("{}:{port}", url.host_str().unwrap())
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let addresses = addresses.clone();
                connections.spawn(async move { serve(socket, &addresses, lie).await });
            }
        });
        Self { url, _tasks: tasks }
    }
}

/// One request, one answer, and the end of the connection. A client that speaks no HTTP gets none.
async fn serve(mut client: TcpStream, [archive, elsewhere]: &[String; 2], lie: Lie) -> Option<()> {
    let mut request = Request::read(&mut client).await?;
    if let Lie::Asks(change) = lie {
        request.target = change(&request.target);
    }
    let to = match lie {
        Lie::StoresElsewhere if request.method == "POST" => elsewhere,
        _ => archive,
    };
    let mut server = TcpStream::connect(to).await.ok()?;
    server.write_all(&request.bytes()).await.ok()?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes).await.ok()?;
    let mut answer = Answer::of(&bytes)?;
    if let Lie::Answers(change) = lie {
        change(&request, &mut answer);
    }
    client
        .write_all(&answer.bytes(&request.method))
        .await
        .ok()?;
    client.shutdown().await.ok()
}

impl Request {
    async fn read(client: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = find(&bytes, b"\r\n\r\n") {
                break end;
            }
            if client.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = text.split("\r\n").map(str::to_owned);
        let first = lines.next()?;
        let (method, rest) = first.split_once(' ')?;
        let (target, _) = rest.rsplit_once(' ')?;
        let head: Vec<_> = lines.collect();
        let field = |name: &str| {
            let mut all = head.iter().filter_map(|line| line.split_once(':'));
            all.find(|(own, _)| own.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let mut body = bytes.split_off(end + 4);
        let length = field("content-length").and_then(|text| text.parse::<usize>().ok());
        let is_chunked = field("transfer-encoding").is_some();
        let is_whole = |body: &[u8]| match length {
            Some(length) => body.len() >= length,
            None => !is_chunked || body.ends_with(b"0\r\n\r\n"),
        };
        while !is_whole(&body) {
            if client.read_buf(&mut body).await.ok()? == 0 {
                break;
            }
        }
        Some(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            head,
            body,
        })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for line in &self.head {
            if !line.to_ascii_lowercase().starts_with("connection:") {
                text.push_str(&format!("{line}\r\n"));
            }
        }
        text.push_str("Connection: close\r\n\r\n");
        [text.as_bytes(), &self.body].concat()
    }
}

impl Answer {
    fn of(bytes: &[u8]) -> Option<Self> {
        let end = find(bytes, b"\r\n\r\n")?;
        let text = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = text.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let mut fields: Vec<_> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let is_chunked =
            |(name, _): &(String, String)| name.eq_ignore_ascii_case("transfer-encoding");
        let rest = &bytes[end + 4..];
        let body = match fields.iter().any(is_chunked) {
            true => dechunked(rest)?,
            false => rest.to_vec(),
        };
        fields.retain(|(name, _)| {
            let framing = ["transfer-encoding", "content-length", "connection"];
            !framing.contains(&name.to_ascii_lowercase().as_str())
        });
        Some(Self {
            status,
            fields,
            body,
        })
    }

    fn bytes(&self, method: &str) -> Vec<u8> {
        let mut text = format!("HTTP/1.1 {} As it was\r\n", self.status);
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !matches!(self.status, 204 | 304) && method != "HEAD" {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("Connection: close\r\n\r\n");
        [text.as_bytes(), &self.body].concat()
    }
}

fn dechunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}

pub(crate) fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
