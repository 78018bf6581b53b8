//! Serving over standard input and output, until the client closes its end.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rmcp::ServiceExt as _;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;

use crate::server::Server;

/// How long calls that are under way when the client closes its end may take to be answered.
const GRACE: Duration = Duration::from_millis(1500);

/// Serves one client until it closes `input` or reads no more. Calls under way then are given a moment and dropped.
pub async fn serve(
    server: Server,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (at_end, ended) = oneshot::channel();
    let input = UntilEnd {
        input,
        at_end: Some(at_end),
    };
    let (at_loss, gone) = oneshot::channel();
    let output = UntilGone {
        output,
        at_loss: Some(at_loss),
    };
    let running = match server.serve((input, output)).await {
        Ok(running) => running,
        // A client that leaves before it says hello has not asked for anything.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let waiting = running.waiting();
    tokio::pin!(waiting);
    tokio::select! {
        done = &mut waiting => drop(done?),
        _ = ended => drop(tokio::time::timeout(GRACE, waiting).await),
        // Nobody reads: there is no one left to answer.
        Ok(()) = gone => {}
    }
    Ok(())
}

/// Tells when the input has come to its end.
struct UntilEnd<R> {
    input: R,
    at_end: Option<oneshot::Sender<()>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for UntilEnd<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let poll = Pin::new(&mut self.input).poll_read(context, buffer);
        let ended = match &poll {
            Poll::Ready(Ok(())) => buffer.filled().len() == before && buffer.remaining() > 0,
            Poll::Ready(Err(_)) => true,
            Poll::Pending => false,
        };
        if ended && let Some(at_end) = self.at_end.take() {
            // Nobody listens any more: the server has ended by itself.
            let _ = at_end.send(());
        }
        poll
    }
}

/// Tells when the output takes no more.
struct UntilGone<W> {
    output: W,
    at_loss: Option<oneshot::Sender<()>>,
}

impl<W> UntilGone<W> {
    fn noticed<T>(&mut self, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if matches!(poll, Poll::Ready(Err(_)))
            && let Some(at_loss) = self.at_loss.take()
        {
            // Nobody listens any more: the server has ended by itself.
            let _ = at_loss.send(());
        }
        poll
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for UntilGone<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.output).poll_write(context, bytes);
        self.noticed(poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.output).poll_flush(context);
        self.noticed(poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_shutdown(context)
    }
}
