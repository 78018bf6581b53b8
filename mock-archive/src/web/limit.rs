//! Bodies that are too long for what stands before an archive, as a rule says.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_LENGTH;
use http_body::Frame;

use crate::moment::{BodyLimit, LimitedAt};

/// Whether a body was too long.
#[derive(Clone, Default)]
pub(crate) struct Exceeded(Arc<AtomicBool>);

impl Exceeded {
    /// Whether it was, as far as it was read.
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// The body as it may be read, and what tells afterwards whether it was too long; nothing where that is known before anything is read.
pub(crate) fn apply(
    limit: &BodyLimit,
    headers: &HeaderMap,
    body: Body,
) -> Option<(Body, Exceeded)> {
    let length = headers.get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if limit.when == LimitedAt::Header && length.is_some_and(|length| length > limit.bytes) {
        return None;
    }
    let exceeded = Exceeded::default();
    let counted = Counted {
        body,
        left: limit.bytes,
        to_the_end: limit.when == LimitedAt::End,
        exceeded: exceeded.clone(),
    };
    Some((Body::new(counted), exceeded))
}

struct Counted {
    body: Body,
    left: u64,
    to_the_end: bool,
    exceeded: Exceeded,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        let too_long = || {
            Some(Err(axum::Error::new(io::Error::from(
                io::ErrorKind::FileTooLarge,
            ))))
        };
        loop {
            if this.exceeded.is_so() && !this.to_the_end {
                return Poll::Ready(too_long());
            }
            let frame = match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                None if this.exceeded.is_so() => return Poll::Ready(too_long()),
                other => return Poll::Ready(other),
            };
            let length = frame.data_ref().map_or(0, Bytes::len) as u64;
            if length > this.left {
                this.exceeded.0.store(true, Ordering::Release);
            }
            this.left = this.left.saturating_sub(length);
            if !this.exceeded.is_so() {
                return Poll::Ready(Some(Ok(frame)));
            }
        }
    }
}
