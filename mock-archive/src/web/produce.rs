//! Answers that are made while they go out: memory does not grow with them.

use std::io::{self, Write};

use axum::body::Body;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use tokio::sync::mpsc;

/// Written bytes go out in pieces of this size; ready pieces as they are.
const PIECE: usize = 64 * 1024;

/// How many pieces may wait for a slow client.
const AHEAD: usize = 4;

/// Where the maker of a body writes to. Blocks while the client is slow, fails once it is gone.
pub(crate) struct Sink {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    gathered: BytesMut,
}

/// A body that `make` writes on a thread for blocking work. The thread ends when all is written or the body is dropped.
pub(crate) fn body(make: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static) -> Body {
    let (pieces, waiting) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let mut sink = Sink {
            pieces,
            gathered: BytesMut::new(),
        };
        if let Err(error) = make(&mut sink).and_then(|()| sink.flush()) {
            // The client sees a body without its end. Where it is gone already, nobody minds.
            let _ = sink.pieces.blocking_send(Err(error));
        }
    });
    Body::from_stream(stream::unfold(waiting, |mut waiting| async move {
        let piece = waiting.recv().await?;
        if piece.is_err() {
            // An error that is ready at once would reach the server before it wrote the status line.
            tokio::task::yield_now().await;
        }
        Some((piece, waiting))
    }))
}

/// All that `make` writes, gathered in memory; made on a thread for blocking work.
pub(crate) async fn gather(
    make: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static,
) -> io::Result<Bytes> {
    let (pieces, mut waiting) = mpsc::channel(AHEAD);
    let making = tokio::task::spawn_blocking(move || {
        let mut sink = Sink {
            pieces,
            gathered: BytesMut::new(),
        };
        make(&mut sink).and_then(|()| sink.flush())
    });
    let mut all = BytesMut::new();
    while let Some(piece) = waiting.recv().await {
        all.extend_from_slice(&piece?);
    }
    making.await.map_err(io::Error::other)??;
    Ok(all.freeze())
}

impl Sink {
    /// Hands on bytes that are ready, without copying them.
    pub(crate) fn hand(&mut self, piece: Bytes) -> io::Result<()> {
        if piece.len() < PIECE / 4 {
            return self.write_all(&piece);
        }
        self.flush()?;
        self.send(piece)
    }

    fn send(&mut self, piece: Bytes) -> io::Result<()> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.pieces.blocking_send(Ok(piece)).map_err(gone)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.gathered.put_slice(bytes);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = self.gathered.split().freeze();
        self.send(piece)
    }
}
