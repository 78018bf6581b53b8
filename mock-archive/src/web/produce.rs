//! Bodies that are made while they go out.

use std::io;

use axum::body::Body;
use futures_util::stream;

use crate::sink::{self, Sink};

/// A body that `make` writes on a thread for blocking work. The thread ends when all is written or the body is dropped.
pub(crate) fn body(make: impl FnOnce(&mut Sink) -> io::Result<()> + Send + 'static) -> Body {
    let waiting = sink::pieces(make);
    Body::from_stream(stream::unfold(waiting, |mut waiting| async move {
        let piece = waiting.recv().await?;
        if piece.is_err() {
            // An error that is ready at once would reach the server before it wrote the status line.
            tokio::task::yield_now().await;
        }
        Some((piece, waiting))
    }))
}
