//! The byte layer under HTTP and DIMSE: accepted connections that can be cut, reset, stalled, slowed down or refused.
//!
//! What a connection does is said once, by the [`Line`] of its `connect` moment; an edge that wants to end one in the
//! middle of an answer (`send` moment) uses its `Switch`. Above this layer nobody knows of faults: reads and writes
//! just end, fail or take their time.

mod lane;

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use crate::archive::Guest;
use crate::moment::{Connect, Direction, Handshake, Line, Manner};
use lane::Lane;

/// Ends a connection from outside of whoever owns it. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Switch(Arc<AtomicU8>);

impl Switch {
    const OPEN: u8 = 0;
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
pub struct Socket {
    /// `None` once it was reset.
    stream: Option<TcpStream>,
    line: Line,
    switch: Switch,
    inbound: Lane,
    outbound: Lane,
    garbage: Bytes,
    /// Whether nothing is done to it but by the switch: bytes go straight through.
    is_plain: bool,
    /// Runs out when nothing has passed for as long as the line says.
    idle: Option<Pin<Box<Sleep>>>,
    /// Counts it among the open ones.
    guest: Option<Guest>,
}

impl Socket {
    /// Takes over an accepted connection after its `connect` moment. One that is refused is reset when it is first used or dropped.
    pub(crate) fn new(stream: TcpStream, connect: &Connect, guest: Guest) -> Self {
        let mut socket = Self::with_line(stream, connect.line.clone());
        socket.guest = Some(guest);
        socket
    }

    /// Takes over a connection that the archive made itself, which nothing is done to.
    pub(crate) fn outgoing(stream: TcpStream) -> Self {
        Self::with_line(stream, Line::default())
    }

    /// A connection under a line. Small answers leave at once (no Nagle's algorithm), as with every archive but a slow one.
    pub fn with_line(stream: TcpStream, line: Line) -> Self {
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
        Self {
            stream: Some(stream),
            switch,
            inbound: Lane::new(&line, Direction::Inbound),
            outbound: Lane::new(&line, Direction::Outbound),
            garbage: line.garbage.clone(),
            is_plain: line.is_plain(),
            idle: None,
            line,
            guest: None,
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
        let line = &self.line;
        line.silent
            || line.rates != Default::default()
            || line.latency.is_some()
            || line.slices.is_some()
            || line.stall.is_some()
    }

    /// What shall come of its TLS handshake.
    pub(crate) fn handshake(&self) -> Handshake {
        self.line.handshake
    }

    /// How many of `wanted` bytes may pass now; ends the connection if none may for ever.
    fn allowance(&self, direction: Direction, wanted: usize) -> usize {
        let lane = self.lane(direction);
        if let (0, Some(ending)) = (lane.left(), self.line.ending) {
            self.switch.end(ending.manner);
        }
        lane.allowance(wanted)
    }

    /// Notes that bytes passed; ends the connection after its last byte.
    fn passed(&mut self, direction: Direction, count: usize) {
        match direction {
            Direction::Inbound => self.inbound.pass(count),
            Direction::Outbound => self.outbound.pass(count),
        }
        if count > 0 {
            self.allowance(direction, 0);
            if let (Some(idle), Some(timer)) = (self.line.idle, &mut self.idle) {
                timer.as_mut().reset(Instant::now() + idle.after);
            }
        }
    }

    fn lane(&self, direction: Direction) -> &Lane {
        match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        }
    }

    /// The stream of a connection that nothing is done to, as long as it is open.
    fn plain(&mut self) -> Option<&mut TcpStream> {
        let is_open = self.is_plain && self.switch.state() == Switch::OPEN;
        self.stream.as_mut().filter(|_| is_open)
    }

    /// Ready when nothing has passed for so long that the connection ends.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(idle) = self.line.idle else {
            return Poll::Pending;
        };
        let timer = self.idle.get_or_insert_with(|| Box::pin(sleep(idle.after)));
        ready!(timer.as_mut().poll(cx));
        self.switch.end(idle.manner);
        Poll::Ready(())
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
        if self.inbound.left() == 0 {
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

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Some(stream) = this.plain() {
            let read = Pin::new(&mut *stream).poll_read(cx, buf);
            if read.is_ready() {
                acknowledge_at_once(stream, buf.remaining() > 0);
            }
            return read;
        }
        ready!(this.poll_garbage(cx))?;
        ready!(this.inbound.poll_free(cx));
        let wanted = buf.remaining();
        loop {
            let allowed = this.allowance(Direction::Inbound, wanted);
            let stream = match ready!(this.poll_open(cx)) {
                Ok(stream) => stream,
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Poll::Ready(Ok(()));
                }
                Err(error) => return Poll::Ready(Err(error)),
            };
            let before = buf.filled().len();
            let read = if allowed == wanted {
                Pin::new(&mut *stream).poll_read(cx, buf)
            } else {
                let mut part = ReadBuf::new(buf.initialize_unfilled_to(allowed));
                let read = Pin::new(&mut *stream).poll_read(cx, &mut part);
                let count = part.filled().len();
                buf.advance(count);
                read
            };
            if read.is_pending() {
                // Once it has run out, the stream is not open any more.
                ready!(this.poll_idle(cx));
                continue;
            }
            ready!(read)?;
            let count = buf.filled().len() - before;
            acknowledge_at_once(stream, count < allowed);
            this.passed(Direction::Inbound, count);
            return Poll::Ready(Ok(()));
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        match this.plain() {
            Some(stream) => Pin::new(stream).poll_write(cx, buf),
            None => Pin::new(this).poll_write_vectored(cx, &[IoSlice::new(buf)]),
        }
    }

    /// TLS hands over several records at once: one write, which pays for the latency once.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Some(stream) = this.plain() {
            return Pin::new(stream).poll_write_vectored(cx, bufs);
        }
        ready!(this.poll_garbage(cx))?;
        ready!(this.outbound.poll_free(cx));
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

    /// Long answers go out as they lie in memory, not copied together first.
    fn is_write_vectored(&self) -> bool {
        true
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
mod tests;
