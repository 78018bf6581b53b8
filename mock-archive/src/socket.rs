//! The byte layer under HTTP and DIMSE: accepted connections that can be cut, reset, stalled, slowed down or refused.
//!
//! What a connection does is said once, by the [`Line`] of its `connect` moment; an edge that wants to end one in the
//! middle of an answer (`send` moment) uses its [`Switch`]. Above this layer nobody knows of faults: reads and writes
//! just end, fail or take their time.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::moment::{Connect, Direction, Line, Manner};

/// A slowed connection moves this part of a second's bytes at once.
const SLICES_PER_SECOND: u64 = 20;

/// Ends a connection from outside of whoever owns it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<AtomicU8>);

impl Switch {
    // 0 is open.
    const CLOSED: u8 = 1;
    const RESET: u8 = 2;
    const STALLED: u8 = 3;

    /// Ends the connection in this manner. Takes effect when it is next read, written or dropped.
    pub(crate) fn end(&self, manner: Manner) {
        let state = match manner {
            Manner::Close => Self::CLOSED,
            Manner::Reset => Self::RESET,
            Manner::Stall => Self::STALLED,
        };
        self.0.store(state, Ordering::Release);
    }

    fn state(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }
}

/// An accepted connection under its [`Line`].
#[derive(Debug)]
pub(crate) struct Socket {
    /// `None` once it was reset.
    stream: Option<TcpStream>,
    line: Line,
    switch: Switch,
    inbound: Lane,
    outbound: Lane,
    garbage: Bytes,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Lane {
    /// Bytes so far.
    passed: u64,
    /// Nothing passes before this is over.
    pause: Option<Pin<Box<Sleep>>>,
    /// The pause of the write at hand is over.
    waited: bool,
}

impl Socket {
    /// Takes over an accepted connection after its `connect` moment. One that is refused is reset when it is first used or dropped.
    pub(crate) fn new(stream: TcpStream, connect: &Connect) -> Self {
        Self::with_line(stream, connect.line.clone())
    }

    /// Takes over a connection that the archive made itself, which nothing is done to.
    pub(crate) fn outgoing(stream: TcpStream) -> Self {
        Self::with_line(stream, Line::default())
    }

    /// Small answers leave at once (no Nagle's algorithm), as with every archive but a slow one.
    fn with_line(stream: TcpStream, line: Line) -> Self {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "connection ended before it began");
        }
        let switch = Switch::default();
        if line.silent {
            switch.end(Manner::Stall);
        }
        if line.refuse {
            switch.end(Manner::Reset);
        }
        let garbage = line.garbage.clone();
        Self {
            stream: Some(stream),
            line,
            switch,
            inbound: Lane::default(),
            outbound: Lane::default(),
            garbage,
        }
    }

    /// The switch that ends it.
    pub(crate) fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// Whether it never answers, so that no timer above shall end it either.
    pub(crate) fn is_silent(&self) -> bool {
        self.line.silent
    }

    /// Whether it answers late, slowly or never because it was told to.
    pub(crate) fn is_held_up(&self) -> bool {
        self.line.silent || self.line.bytes_per_second.is_some() || !self.line.latency.is_zero()
    }

    /// Bytes that may still pass in this direction before the line's ending.
    fn left(&self, direction: Direction) -> u64 {
        let passed = self.lane(direction).passed;
        let ending = self
            .line
            .ending
            .filter(|ending| ending.direction == direction);
        ending.map_or(u64::MAX, |ending| ending.after.saturating_sub(passed))
    }

    /// How many of `wanted` bytes may pass now; ends the connection if none may for ever.
    fn allowance(&self, direction: Direction, wanted: usize) -> usize {
        let left = self.left(direction);
        if let (0, Some(ending)) = (left, self.line.ending) {
            self.switch.end(ending.manner);
        }
        let slice = self
            .line
            .bytes_per_second
            .map_or(u64::MAX, |rate| (rate / SLICES_PER_SECOND).max(1));
        usize::try_from(left.min(slice))
            .unwrap_or(usize::MAX)
            .min(wanted)
    }

    /// Notes that bytes passed: arms the pause that keeps the rate, ends the connection after its last byte.
    fn passed(&mut self, direction: Direction, count: usize) {
        let rate = self.line.bytes_per_second;
        let lane = self.lane_mut(direction);
        lane.passed += count as u64;
        lane.waited = false;
        if let Some(rate) = rate {
            lane.pause = Some(Box::pin(sleep(Duration::from_secs_f64(
                count as f64 / rate.max(1) as f64,
            ))));
        }
        if count > 0 {
            self.allowance(direction, 0);
        }
    }

    fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        }
    }

    fn lane_mut(&mut self, direction: Direction) -> &mut Lane {
        match direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.outbound,
        }
    }

    /// The stream, as long as bytes may pass. `Err` is what the owner sees when they may not.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&mut TcpStream>> {
        match self.switch.state() {
            Switch::CLOSED => {
                if let Some(stream) = &self.stream {
                    let _ = SockRef::from(stream).shutdown(Shutdown::Write);
                }
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            Switch::RESET => self.reset(),
            Switch::STALLED => {
                ready!(self.poll_hold(cx));
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
            _ => {}
        }
        let gone = || io::Error::from(io::ErrorKind::ConnectionReset);
        Poll::Ready(self.stream.as_mut().ok_or_else(gone))
    }

    /// Waits until the peer gives up. What it sends is dropped, unless the line stalls on that: then it is not even read.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.left(Direction::Inbound) == 0 {
            return Poll::Pending;
        }
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(());
        };
        let mut scratch = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut buf));
            if read.is_err() || buf.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }

    /// Drops the stream so that the peer gets a RST.
    fn reset(&mut self) {
        if let Some(stream) = self.stream.take()
            && let Err(error) = stream.set_zero_linger()
        {
            tracing::debug!(%error, "connection ended before it could be reset");
        }
    }

    fn poll_garbage(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.garbage.is_empty() {
            let garbage = self.garbage.clone();
            let stream = ready!(self.poll_open(cx))?;
            let written = ready!(Pin::new(stream).poll_write(cx, &garbage))?;
            self.garbage.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl Lane {
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_garbage(cx))?;
        ready!(this.inbound.poll_pause(cx));
        let wanted = buf.remaining();
        let allowed = this.allowance(Direction::Inbound, wanted);
        let stream = match ready!(this.poll_open(cx)) {
            Ok(stream) => stream,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Poll::Ready(Ok(())),
            Err(error) => return Poll::Ready(Err(error)),
        };
        let count = if allowed == wanted {
            let before = buf.filled().len();
            ready!(Pin::new(&mut *stream).poll_read(cx, buf))?;
            buf.filled().len() - before
        } else {
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(allowed));
            ready!(Pin::new(&mut *stream).poll_read(cx, &mut part))?;
            let count = part.filled().len();
            buf.advance(count);
            count
        };
        acknowledge_at_once(stream, count < allowed);
        this.passed(Direction::Inbound, count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    /// TLS hands over several records at once: one write, which pays for the latency once.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_garbage(cx))?;
        ready!(this.outbound.poll_pause(cx));
        if !this.line.latency.is_zero() && !this.outbound.waited {
            this.outbound.waited = true;
            this.outbound.pause = Some(Box::pin(sleep(this.line.latency)));
            ready!(this.outbound.poll_pause(cx));
        }
        let wanted = bufs.iter().map(|buf| buf.len()).sum();
        let allowed = this.allowance(Direction::Outbound, wanted);
        let stream = Pin::new(ready!(this.poll_open(cx))?);
        let count = if allowed == wanted {
            ready!(stream.poll_write_vectored(cx, bufs))?
        } else {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            let first = first.map_or(&[][..], |buf| &buf[..allowed.min(buf.len())]);
            ready!(stream.poll_write(cx, first))?
        };
        this.passed(Direction::Outbound, count);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_garbage(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match ready!(this.poll_open(cx)) {
            Ok(stream) => Pin::new(stream).poll_shutdown(cx),
            Err(_) => Poll::Ready(Ok(())),
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.switch.state() == Switch::RESET {
            self.reset();
        }
    }
}

/// Clients that leave Nagle's algorithm on (dcmtk and dicom-rs by default) hold the second half of a message back until the first
/// is acknowledged, which a kernel delays by 40 ms. Once all that came was read, the acknowledgement goes out now.
fn acknowledge_at_once(stream: &TcpStream, is_drained: bool) {
    #[cfg(target_os = "linux")]
    if is_drained {
        let _ = stream.set_quickack(true);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, is_drained);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::moment::Ending;

    /// A socket under a line, and the peer's end of its connection.
    async fn pair(line: Line) -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (Socket::with_line(stream, line), peer)
    }

    fn ending(after: u64, direction: Direction, manner: Manner) -> Line {
        Line {
            ending: Some(Ending {
                after,
                direction,
                manner,
            }),
            ..Line::default()
        }
    }

    async fn all_of(mut peer: TcpStream) -> (Vec<u8>, Option<io::ErrorKind>) {
        let mut bytes = Vec::new();
        let error = peer
            .read_to_end(&mut bytes)
            .await
            .err()
            .map(|error| error.kind());
        (bytes, error)
    }

    #[tokio::test]
    async fn a_line_that_does_nothing_passes_everything_both_ways() {
        let (mut socket, mut peer) = pair(Line::default()).await;
        peer.write_all(b"question").await.unwrap();
        let mut question = [0; 8];
        socket.read_exact(&mut question).await.unwrap();
        socket.write_all(b"answer").await.unwrap();
        socket.shutdown().await.unwrap();
        assert_eq!(&question, b"question");
        assert_eq!(all_of(peer).await, (b"answer".to_vec(), None));
    }

    #[tokio::test]
    async fn bytes_going_out_end_after_their_number() {
        let (mut socket, peer) = pair(ending(4, Direction::Outbound, Manner::Close)).await;
        let error = socket.write_all(b"answer").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(all_of(peer).await, (b"answ".to_vec(), None));
    }

    #[tokio::test]
    async fn a_reset_is_an_error_at_the_peer() {
        let (mut socket, peer) = pair(ending(0, Direction::Outbound, Manner::Reset)).await;
        let error = socket.write_all(b"answer").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(
            all_of(peer).await,
            (vec![], Some(io::ErrorKind::ConnectionReset))
        );
    }

    #[tokio::test]
    async fn bytes_coming_in_end_after_their_number() {
        let (mut socket, mut peer) = pair(ending(3, Direction::Inbound, Manner::Close)).await;
        peer.write_all(b"question").await.unwrap();
        let mut question = Vec::new();
        socket.read_to_end(&mut question).await.unwrap();
        assert_eq!(question, b"que");
    }

    #[tokio::test]
    async fn a_refused_connection_is_reset_without_a_byte() {
        let (socket, peer) = pair(Line {
            refuse: true,
            ..Line::default()
        })
        .await;
        drop(socket);
        assert_eq!(
            all_of(peer).await,
            (vec![], Some(io::ErrorKind::ConnectionReset))
        );
    }

    #[tokio::test]
    async fn a_silent_connection_is_held_until_the_peer_leaves() {
        let (mut socket, mut peer) = pair(Line {
            silent: true,
            ..Line::default()
        })
        .await;
        peer.write_all(b"question").await.unwrap();
        drop(peer);
        let mut question = Vec::new();
        socket.read_to_end(&mut question).await.unwrap();
        assert_eq!(question, b"");
        assert!(socket.write_all(b"answer").await.is_err());
    }

    #[tokio::test]
    async fn garbage_comes_before_the_answer() {
        let (mut socket, peer) = pair(Line {
            garbage: Bytes::from_static(b"??"),
            ..Line::default()
        })
        .await;
        socket.write_all(b"answer").await.unwrap();
        drop(socket);
        assert_eq!(all_of(peer).await, (b"??answer".to_vec(), None));
    }

    #[tokio::test]
    async fn a_slow_line_takes_its_time() {
        let began = Instant::now();
        let (mut socket, peer) = pair(Line {
            bytes_per_second: Some(1000),
            ..Line::default()
        })
        .await;
        socket.write_all(&[7; 150]).await.unwrap();
        drop(socket);
        assert_eq!(all_of(peer).await, (vec![7; 150], None));
        assert!(
            began.elapsed() >= Duration::from_millis(100),
            "{:?}",
            began.elapsed()
        );
    }

    #[tokio::test]
    async fn a_late_line_waits_before_it_writes() {
        let began = Instant::now();
        let latency = Duration::from_millis(30);
        let (mut socket, mut peer) = pair(Line {
            latency,
            ..Line::default()
        })
        .await;
        socket.write_all(b"1").await.unwrap();
        socket.write_all(b"2").await.unwrap();
        peer.read_exact(&mut [0; 2]).await.unwrap();
        assert!(began.elapsed() >= 2 * latency, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_switch_ends_a_connection_that_somebody_else_owns() {
        let (mut socket, peer) = pair(Line::default()).await;
        let switch = socket.switch();
        socket.write_all(b"half").await.unwrap();
        switch.end(Manner::Reset);
        drop(socket);
        let (bytes, error) = all_of(peer).await;
        assert!(b"half".starts_with(&bytes));
        assert_eq!(error, Some(io::ErrorKind::ConnectionReset));
    }
}
