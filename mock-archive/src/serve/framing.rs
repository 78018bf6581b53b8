//! The bytes of HTTP answers framed otherwise than RFC 9112 says: hyper writes only sound ones, so they are spoiled below it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use memchr::memmem;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::moment::{Chunking, Framing};

/// The longest head or chunk size that is looked for.
const MAX_LINE: usize = 64 * 1024;

/// How the next answer of a connection shall be framed. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    framing: Mutex<Framing>,
    is_open: AtomicBool,
}

impl Wish {
    /// For the answer whose head is written next.
    pub(crate) fn make(&self, framing: Framing) {
        *self
            .0
            .framing
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = framing;
        self.0.is_open.store(true, Ordering::Release);
    }

    fn take(&self) -> Option<Framing> {
        self.0.is_open.swap(false, Ordering::AcqRel).then(|| {
            let mut framing = self
                .0
                .framing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *framing)
        })
    }

    fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Acquire)
    }
}

/// A connection whose outgoing bytes are changed on request, and are passed through otherwise.
#[derive(Debug)]
pub(crate) struct Framed<S> {
    io: S,
    wish: Wish,
    spoiler: Spoiler,
    /// What is changed and not written yet.
    out: BytesMut,
}

impl<S: AsyncWrite + Unpin> Framed<S> {
    pub(crate) fn new(io: S, wish: Wish) -> Self {
        Self {
            io,
            wish,
            spoiler: Spoiler::default(),
            out: BytesMut::new(),
        }
    }

    fn is_idle(&self) -> bool {
        self.out.is_empty() && self.spoiler.is_idle() && !self.wish.is_open()
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            let written = ready!(Pin::new(&mut self.io).poll_write(cx, &self.out))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Framed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Framed<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_idle() {
            return Pin::new(&mut this.io).poll_write(cx, buf);
        }
        ready!(this.poll_drain(cx))?;
        if let Some(framing) = this.wish.take() {
            this.spoiler = Spoiler::Head(framing, Vec::new());
        }
        this.spoiler.spoil(buf, &mut this.out);
        // What does not go out now goes out before the next bytes, or when it is flushed.
        if let Poll::Ready(Err(error)) = this.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_drain(cx))?;
        Pin::new(&mut this.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_idle() {
            return Pin::new(&mut this.io).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        Pin::new(this).poll_write(cx, first.map_or(&[][..], |buf| buf))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Where in an answer the bytes are that go out.
#[derive(Debug, Default)]
enum Spoiler {
    /// In one that is sound.
    #[default]
    Idle,
    /// In the head; what there is of it.
    Head(Framing, Vec<u8>),
    /// In the line with the size of a chunk; what there is of it.
    Size(Chunking, Vec<u8>),
    /// In a chunk, its line end included; so many bytes are left.
    Chunk(Chunking, u64),
    /// After the last chunk.
    Over,
}

impl Spoiler {
    fn is_idle(&self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Passes bytes on as they shall be.
    fn spoil(&mut self, mut bytes: &[u8], out: &mut BytesMut) {
        while !bytes.is_empty() {
            match self {
                Self::Idle => {
                    out.extend_from_slice(bytes);
                    return;
                }
                Self::Over => return,
                Self::Head(framing, head) => {
                    let framing = *framing;
                    let Some(rest) = line(head, bytes, b"\r\n\r\n") else {
                        return;
                    };
                    bytes = rest;
                    let (head, is_chunked) = changed(head, framing.length_by);
                    out.extend_from_slice(&head);
                    *self = match framing.chunks {
                        Chunking::Sound => Self::Idle,
                        _ if !is_chunked => Self::Idle,
                        chunks => Self::Size(chunks, Vec::new()),
                    };
                }
                Self::Size(chunks, size) => {
                    let chunks = *chunks;
                    let Some(rest) = line(size, bytes, b"\r\n") else {
                        return;
                    };
                    bytes = rest;
                    let text = String::from_utf8_lossy(size);
                    let length = u64::from_str_radix(text.trim(), 16).unwrap_or_default();
                    match chunks {
                        Chunking::BadSize => {
                            out.extend_from_slice(b"size\r\n");
                            *self = Self::Idle;
                        }
                        Chunking::NoLast if length == 0 => *self = Self::Over,
                        Chunking::NoLast | Chunking::Sound => {
                            out.extend_from_slice(size);
                            *self = Self::Chunk(chunks, length + 2);
                        }
                    }
                }
                Self::Chunk(chunks, left) => {
                    let chunks = *chunks;
                    let now = bytes
                        .len()
                        .min(usize::try_from(*left).unwrap_or(usize::MAX));
                    out.extend_from_slice(&bytes[..now]);
                    bytes = &bytes[now..];
                    *left -= now as u64;
                    if *left == 0 {
                        *self = Self::Size(chunks, Vec::new());
                    }
                }
            }
        }
    }
}

/// Gathers bytes up to and with an end; the bytes after it, or `None` if it has not come yet.
fn line<'a>(gathered: &mut Vec<u8>, bytes: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let before = gathered.len();
    gathered.extend_from_slice(bytes);
    let from = before.saturating_sub(end.len() - 1);
    let at = memmem::find(&gathered[from..], end).map(|at| from + at + end.len());
    // What has no end is passed on as it is.
    let at = at.or_else(|| (gathered.len() > MAX_LINE).then_some(gathered.len()))?;
    gathered.truncate(at);
    Some(&bytes[at - before..])
}

/// A head with another Content-Length, and whether chunks follow it.
fn changed(head: &[u8], length_by: i64) -> (Vec<u8>, bool) {
    let text = String::from_utf8_lossy(head);
    let mut is_chunked = false;
    let lines = text.split_inclusive("\r\n").map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        match value.trim().parse::<i64>() {
            Ok(length) if name.eq_ignore_ascii_case("content-length") => {
                let length = length.saturating_add(length_by).max(0);
                format!("{name}: {length}\r\n")
            }
            _ => line.to_owned(),
        }
    });
    let head = lines.collect::<String>().into_bytes();
    (head, is_chunked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer as it goes out when it is written in pieces of this size.
    fn sent(framing: Framing, answer: &str, piece: usize) -> String {
        let mut spoiler = Spoiler::Head(framing, Vec::new());
        let mut out = BytesMut::new();
        answer
            .as_bytes()
            .chunks(piece)
            .for_each(|bytes| spoiler.spoil(bytes, &mut out));
        String::from_utf8(out.to_vec()).unwrap()
    }

    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n";

    #[test]
    fn answers_are_spoiled_as_asked_however_they_are_written() {
        for piece in [1, 2, 7, 1000] {
            let framing = Framing {
                length_by: -2,
                ..Framing::default()
            };
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            assert_eq!(
                sent(framing, answer, piece),
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhello"
            );
            let chunks = |chunks| Framing {
                chunks,
                ..Framing::default()
            };
            assert!(sent(chunks(Chunking::NoLast), CHUNKED, piece).ends_with("3\r\nyou\r\n"));
            let bad = sent(chunks(Chunking::BadSize), CHUNKED, piece);
            assert!(bad.ends_with("\r\n\r\nsize\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n"));
            assert_eq!(sent(chunks(Chunking::Sound), CHUNKED, piece), CHUNKED);
        }
    }
}
