//! STOW-RS (PS3.18 10.5): one streamed request, and what the archive says of each instance in it.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dicom_wire::media::DICOM;
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::stow::StoreResponse;
use futures_util::{Stream, StreamExt as _};
use http::{Method, header};
use http_body::{Frame, SizeHint};
use reqwest::Body;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;
use tokio_util::io::ReaderStream;

use super::{MAX_ERROR_BODY, Web, body, content_type, refusal, said};
use crate::backend::{Certainty, Outgoing, Part, StoreAnswer, StoreFailure};
use crate::error::Failure;

/// Bytes read from a file at once.
const CHUNK: usize = 64 << 10;

impl Web {
    pub(in crate::backend) async fn store(
        &self,
        outgoing: Outgoing,
    ) -> Result<StoreAnswer, StoreFailure> {
        let doing = "store instances";
        let progress = Progress::default();
        let boundary = Boundary::seeded(outgoing.seed);
        let request = self
            .request(Method::POST, "/studies")
            .header(
                header::CONTENT_TYPE,
                boundary.content_type(DICOM).to_string(),
            )
            .header(header::ACCEPT, "application/dicom+json")
            .body(Body::wrap(Parts::new(
                boundary,
                outgoing.parts,
                progress.clone(),
            )));
        let exchange = async {
            let answer = request.send().await.map_err(|error| {
                let failure = self.lost(doing, error);
                let certainty = match failure {
                    Failure::Unreachable { .. } => Certainty::NothingStored,
                    _ => Certainty::Unknown,
                };
                StoreFailure {
                    failure,
                    retry_after: None,
                    certainty,
                }
            })?;
            tracing::debug!(doing, status = answer.status().as_u16(), "answered");
            self.read(doing, answer).await
        };
        tokio::select! {
            result = exchange => result,
            () = progress.stalled(self.timeout) => Err(StoreFailure {
                failure: Failure::TimedOut { doing: doing.into(), after: self.timeout },
                retry_after: None,
                certainty: Certainty::Unknown,
            }),
        }
    }

    async fn read(
        &self,
        doing: &str,
        answer: reqwest::Response,
    ) -> Result<StoreAnswer, StoreFailure> {
        let status = answer.status();
        let headers = answer.headers().clone();
        let retry_after = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let failed = |failure, certainty| StoreFailure {
            failure,
            retry_after,
            certainty,
        };
        if !status.is_success()
            && status != http::StatusCode::CONFLICT
            && status != http::StatusCode::BAD_REQUEST
        {
            let certainty = match status.as_u16() {
                401 | 403 | 404 | 405 | 406 | 411 | 413 | 415 | 501 => Certainty::NothingStored,
                _ => Certainty::Unknown,
            };
            return Err(failed(refusal(doing, answer).await, certainty));
        }
        let bytes = body(doing, answer, self.limits.answer_bytes)
            .await
            .map_err(|failure| failed(failure, Certainty::Unknown))?;
        let kind = content_type(&headers).to_ascii_lowercase();
        let response = if kind.contains("xml") {
            StoreResponse::from_xml(&bytes).ok()
        } else {
            StoreResponse::from_json(&bytes).ok()
        };
        let response = response.filter(says_something);
        let words: &[u8] = if response.is_some() {
            b""
        } else {
            &bytes[..bytes.len().min(MAX_ERROR_BODY)]
        };
        let said = said::of(&headers, words);
        if response.is_none() && !status.is_success() {
            let failure = Failure::Status {
                doing: doing.into(),
                status: status.as_u16(),
                said,
            };
            return Err(failed(failure, Certainty::Unknown));
        }
        // A success that names nothing: whether anything was stored has to be looked up.
        let response = response.unwrap_or_default();
        Ok(StoreAnswer {
            status: status.as_u16(),
            response,
            said,
            retry_after,
            broken: None,
        })
    }
}

/// Whether a body was a store response, and not just some JSON.
fn says_something(response: &StoreResponse) -> bool {
    !(response.referenced.is_empty()
        && response.failed.is_empty()
        && response.other_failures.is_empty())
}

/// When the last byte went out, so that a stalled request ends and a slow one does not.
#[derive(Debug, Clone)]
struct Progress(Arc<Mutex<Instant>>);

impl Default for Progress {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }
}

impl Progress {
    fn note(&self) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn last(&self) -> Instant {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Ends when nothing went out for so long.
    async fn stalled(&self, after: Duration) {
        loop {
            let end = self.last() + after;
            tokio::time::sleep_until(end).await;
            if self.last() + after <= Instant::now() {
                return;
            }
        }
    }
}

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send + Sync>>;

/// The multipart body: file after file, one chunk of one file in memory, of a length that is known before.
struct Parts {
    chunks: Chunks,
    left: u64,
    progress: Progress,
}

impl Parts {
    fn new(boundary: Boundary, parts: Vec<Part>, progress: Progress) -> Self {
        let mut writer = Writer::new(boundary);
        let headers = Headers::new().with("Content-Type", DICOM);
        let mut left = 0;
        let mut pieces: Vec<Chunks> = Vec::new();
        for part in parts {
            let head = writer.part_head(&headers);
            left += head.len() as u64 + part.bytes;
            pieces.push(Box::pin(futures_util::stream::iter([Ok(head)])));
            pieces.push(Box::pin(file(part.path, part.bytes)));
        }
        let close = writer.close();
        left += close.len() as u64;
        pieces.push(Box::pin(futures_util::stream::iter([Ok(close)])));
        Self {
            chunks: Box::pin(futures_util::stream::iter(pieces).flatten()),
            left,
            progress,
        }
    }
}

/// Exactly `bytes` bytes of a file, opened when its turn comes.
fn file(path: PathBuf, bytes: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync {
    let changed =
        |path: &Path| io::Error::other(format!("{} changed while it was sent", path.display()));
    let opened = futures_util::stream::once(async move {
        let file = tokio::fs::File::open(&path).await?;
        if file.metadata().await?.len() != bytes {
            return Err(changed(&path));
        }
        Ok(ReaderStream::with_capacity(file.take(bytes), CHUNK))
    });
    opened.flat_map(|opened| match opened {
        Ok(chunks) => chunks.left_stream(),
        Err(error) => futures_util::stream::iter([Err(error)]).right_stream(),
    })
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = self.chunks.as_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.left = self.left.saturating_sub(chunk.len() as u64);
            self.progress.note();
        }
        polled.map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
