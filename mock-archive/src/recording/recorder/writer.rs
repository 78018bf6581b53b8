//! A thread of its own that replaces patients and writes lines: neither may hold up what passes.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;

use flate2::read::GzDecoder;
use http::HeaderMap;
use http::header;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::association::Running;
use super::copy::Copied;
use crate::recording::dimse::{Message, Negotiation, Operation};
use crate::recording::mask::Mask;
use crate::recording::{
    BASE, Body, Ending, Head, Passed, Patients, Recorded, VERSION, masked, parts, web,
};

/// Exchanges that may be under way or wait to be written, all in memory.
const AT_ONCE: usize = 64;

/// Header fields that never reach the file.
const SECRETS: [&str; 5] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
];

/// Header fields that say how the bytes travelled.
const TRAVEL: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
];

/// A request that has gone to the archive.
#[derive(Debug)]
pub(super) struct Forwarded {
    pub(super) number: u64,
    pub(super) started: Instant,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) sent: Copied,
    pub(super) upstream: String,
    /// Gives way to another exchange once this one is written.
    pub(super) permit: OwnedSemaphorePermit,
}

/// What came back.
enum Came {
    Answer {
        status: u16,
        headers: HeaderMap,
        body: Copied,
        ending: Ending,
    },
    Nothing(String),
}

/// What the thread writes.
enum Line {
    Web(Box<(Forwarded, Came)>),
    Negotiation(Negotiation),
    Operation(Box<Running>, Ending),
}

/// A line with its number and how long it took, in milliseconds.
type Numbered = (u64, u64, Line);

/// The thread; dropping this waits until all is written.
#[derive(Debug)]
pub(super) struct Writer {
    inlet: Option<Inlet>,
    thread: Option<JoinHandle<()>>,
}

/// Where exchanges go in.
#[derive(Clone, Debug)]
pub(super) struct Inlet {
    lines: mpsc::Sender<Option<Numbered>>,
    permits: Arc<Semaphore>,
    numbers: Arc<AtomicU64>,
}

impl Writer {
    /// Makes the file, which must not be there, and writes its head.
    pub(super) fn create(path: &Path, mask: Option<Mask>) -> io::Result<Self> {
        let mut file = BufWriter::new(File::create_new(path)?);
        let head = Head {
            recording: VERSION,
            patients: mask
                .as_ref()
                .map_or(Patients::AsSeen, |_| Patients::Replaced),
        };
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        file.flush()?;
        let (lines, incoming) = mpsc::channel::<Option<Numbered>>();
        let thread = std::thread::Builder::new().name("recording".into()).spawn(move || {
            // `None` is the end: senders live on in connections that are still being torn down.
            while let Ok(Some(line)) = incoming.recv() {
                if let Err(error) = write(&mut file, mask.as_ref(), line) {
                    tracing::error!(%error, "an exchange could not be written to the recording");
                }
            }
        })?;
        Ok(Self {
            inlet: Some(Inlet {
                lines,
                permits: Arc::new(Semaphore::new(AT_ONCE)),
                numbers: Arc::default(),
            }),
            thread: Some(thread),
        })
    }

    pub(super) fn inlet(&self) -> Inlet {
        self.inlet
            .clone()
            .expect("the inlet is taken only when dropped")
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(inlet) = self.inlet.take() {
            let _ = inlet.lines.send(None);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Inlet {
    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        let permits = self.permits.clone();
        permits
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// The number of the next that begins.
    pub(super) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(super) fn answered(
        &self,
        request: Forwarded,
        status: u16,
        headers: HeaderMap,
        body: Copied,
        ending: Ending,
    ) {
        let answer = Came::Answer {
            status,
            headers,
            body,
            ending,
        };
        self.put(
            request.number,
            request.started,
            Line::Web(Box::new((request, answer))),
        );
    }

    pub(super) fn failed(&self, request: Forwarded, why: String) {
        let (number, started) = (request.number, request.started);
        self.put(
            number,
            started,
            Line::Web(Box::new((request, Came::Nothing(why)))),
        );
    }

    pub(super) fn negotiated(&self, number: u64, started: Instant, negotiation: Negotiation) {
        self.put(number, started, Line::Negotiation(negotiation));
    }

    pub(super) fn operated(&self, running: Running, ending: Ending) {
        let (number, started) = (running.number, running.started);
        self.put(number, started, Line::Operation(Box::new(running), ending));
    }

    fn put(&self, number: u64, started: Instant, line: Line) {
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // After the end nobody listens.
        let _ = self.lines.send(Some((number, took, line)));
    }
}

fn write(file: &mut BufWriter<File>, mask: Option<&Mask>, line: Numbered) -> io::Result<()> {
    let (number, took_ms, line) = line;
    let passed = match line {
        Line::Web(web) => {
            let (request, came) = *web;
            Passed::Web(exchange(mask, request, came))
        }
        Line::Negotiation(negotiation) => Passed::Association(negotiation),
        Line::Operation(running, ending) => Passed::Operation(operation(mask, *running, ending)),
    };
    let recorded = Recorded {
        number,
        took_ms,
        passed,
    };
    serde_json::to_writer(&mut *file, &recorded)?;
    file.write_all(b"\n")?;
    file.flush()
}

fn operation(mask: Option<&Mask>, running: Running, ending: Ending) -> Operation {
    let usual = running.transfer_syntax;
    // First what came back: its values are known by the time texts are searched for them.
    let answers = running.answers.into_iter();
    let answers = answers
        .map(|seen| Message::of(seen, &usual, mask))
        .collect();
    Operation {
        calling: running.calling,
        called: running.called,
        abstract_syntax: running.abstract_syntax.to_string(),
        transfer_syntax: usual.to_string(),
        request: Message::of(running.request, &usual, mask),
        answers,
        ending,
    }
}

fn exchange(mask: Option<&Mask>, request: Forwarded, came: Came) -> web::Exchange {
    let Forwarded {
        method,
        target,
        headers,
        sent,
        upstream,
        permit,
        ..
    } = request;
    let clean = |text: String| mask.map_or_else(|| text.clone(), |mask| mask.url(&text));
    let outcome = match came {
        Came::Nothing(why) => web::Outcome::Failed(clean(why)),
        Came::Answer {
            status,
            headers,
            body,
            ending,
        } => web::Outcome::Answer(web::Answer {
            status,
            body: kept(mask, &headers, &body, &upstream),
            headers: fields(&headers, &upstream, clean),
            ending,
        }),
    };
    let request = web::Request {
        method,
        target: mask.map_or_else(|| target.clone(), |mask| masked::target(mask, &target)),
        body: kept(mask, &headers, &sent, &upstream),
        headers: fields(&headers, &upstream, clean),
    };
    drop(permit);
    web::Exchange { request, outcome }
}

fn kept(mask: Option<&Mask>, headers: &HeaderMap, copied: &Copied, upstream: &str) -> Body {
    let bytes = match copied.take() {
        Ok(bytes) => bytes,
        Err(bytes) => {
            return Body::Withheld {
                bytes,
                because: "longer than what is kept of a body".to_owned(),
            };
        }
    };
    let encoding = headers
        .get(header::CONTENT_ENCODING)
        .and_then(|value| value.to_str().ok());
    let bytes = match encoding.unwrap_or("identity") {
        "identity" => bytes,
        "gzip" => match unpacked(&bytes) {
            Ok(bytes) => bytes,
            Err(error) => {
                return Body::Withheld {
                    bytes: bytes.len() as u64,
                    because: format!("its gzip cannot be read: {error}"),
                };
            }
        },
        other => {
            return Body::Withheld {
                bytes: bytes.len() as u64,
                because: format!("its content coding {other} is not understood"),
            };
        }
    };
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = parts::with_url(content_type, bytes, upstream, BASE);
    match mask {
        Some(mask) => masked::body(mask, content_type, &bytes),
        None => Body::of(&bytes),
    }
}

/// The most that a packed body may unpack to.
const UNPACKED: u64 = 256 << 20;

fn unpacked(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    GzDecoder::new(bytes)
        .take(UNPACKED + 1)
        .read_to_end(&mut out)?;
    if out.len() as u64 > UNPACKED {
        return Err(io::Error::other("it unpacks to more than 256 MiB"));
    }
    Ok(out)
}

fn fields(
    headers: &HeaderMap,
    upstream: &str,
    clean: impl Fn(String) -> String,
) -> Vec<(String, String)> {
    let shown = headers.iter().filter(|(name, _)| {
        !SECRETS.contains(&name.as_str())
            && !TRAVEL.contains(&name.as_str())
            && *name != header::HOST
    });
    shown
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).replace(upstream, BASE);
            (name.to_string(), clean(value))
        })
        .collect()
}
