//! A stream that is copied while it passes.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;

use crate::recording::Ending;

/// What has been copied so far; nothing more is held once it is too long.
#[derive(Clone, Debug)]
pub(super) struct Copied {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    bytes: Vec<u8>,
    passed: u64,
    limit: usize,
}

impl Copied {
    pub(super) fn new(limit: usize) -> Self {
        let inner = Inner {
            bytes: Vec::new(),
            passed: 0,
            limit,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    fn push(&self, chunk: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.passed += chunk.len() as u64;
        if inner.passed <= inner.limit as u64 {
            inner.bytes.extend_from_slice(chunk);
        } else {
            inner.bytes = Vec::new();
        }
    }

    /// The bytes; or, if they were too many, their number.
    pub(super) fn take(&self) -> Result<Vec<u8>, u64> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.passed > inner.limit as u64 {
            return Err(inner.passed);
        }
        Ok(std::mem::take(&mut inner.bytes))
    }
}

/// A stream of bytes with something to do at its end, whether it is read to that or dropped before.
pub(super) struct Copying<S, F: FnOnce(Ending)> {
    stream: S,
    copied: Copied,
    end: Option<F>,
}

impl<S, F: FnOnce(Ending)> Copying<S, F> {
    pub(super) fn new(stream: S, copied: Copied, end: F) -> Self {
        Self {
            stream,
            copied,
            end: Some(end),
        }
    }

    fn end(&mut self, ending: Ending) {
        if let Some(end) = self.end.take() {
            end(ending);
        }
    }
}

impl<S, F, E> Stream for Copying<S, F>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    F: FnOnce(Ending) + Unpin,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.stream).poll_next(cx);
        match &polled {
            Poll::Ready(Some(Ok(chunk))) => self.copied.push(chunk),
            Poll::Ready(Some(Err(_))) => self.end(Ending::Cut),
            Poll::Ready(None) => self.end(Ending::Whole),
            Poll::Pending => {}
        }
        polled
    }
}

impl<S, F: FnOnce(Ending)> Drop for Copying<S, F> {
    fn drop(&mut self) {
        self.end(Ending::Cut);
    }
}
