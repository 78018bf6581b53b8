//! PDUs on a connection: framing in, whole messages out in one write (PS3.8 9.3).

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dicom_wire::dimse::pdv::{P_DATA_TF, PDU_HEADER};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::moment::{Habits, UpperLayer};
use crate::policy::Policy;
use crate::socket::Switch;
use crate::tls::Stream;

/// PDU types (PS3.8 9.3.1); [`P_DATA_TF`] is the seventh.
pub(super) mod kind {
    pub(in crate::dimse) const ASSOCIATE_RQ: u8 = 0x01;
    pub(in crate::dimse) const ASSOCIATE_AC: u8 = 0x02;
    pub(in crate::dimse) const ASSOCIATE_RJ: u8 = 0x03;
    pub(in crate::dimse) const RELEASE_RQ: u8 = 0x05;
    pub(in crate::dimse) const RELEASE_RP: u8 = 0x06;
    pub(in crate::dimse) const ABORT: u8 = 0x07;
}

/// No PDU but P-DATA-TF is longer than this: 128 contexts with dozens of transfer syntaxes each fit in.
const MAX_CONTROL_PDU: usize = 1024 * 1024;
/// What "no limit" means for the PDUs that come in.
const MAX_DATA_PDU: usize = 64 * 1024 * 1024;
/// Size of the buffers that are read into.
const READ: usize = 256 * 1024;
/// Bytes asked of the socket at once, at least.
const LEAST_READ: usize = 4 * 1024;

/// One PDU as it came.
#[derive(Debug)]
pub(super) struct RawPdu {
    /// Its type.
    pub(super) kind: u8,
    /// All of it, header included.
    pub(super) bytes: Bytes,
}

impl RawPdu {
    /// What follows the header.
    pub(super) fn body(&self) -> Bytes {
        self.bytes.slice(PDU_HEADER..)
    }
}

/// Why no further PDU comes.
#[derive(Debug, thiserror::Error)]
pub(super) enum Gone {
    /// The peer closed.
    #[error("the peer closed the connection")]
    Closed,
    /// The peer closed, or vanished, inside a PDU.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// A PDU longer than what was announced, or than any of its type may be.
    #[error("PDU of type {kind:02X}H declares {length} bytes, at most {limit} are taken")]
    TooLong {
        /// Its type.
        kind: u8,
        /// Its declared length.
        length: usize,
        /// What is taken.
        limit: usize,
    },
    /// Nothing came in time.
    #[error("nothing came for {} s", .0.as_secs())]
    Idle(Duration),
}

/// How long is waited for a peer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the request of an association, and for the end after the last PDU (ARTIM, PS3.8 9.1.4).
    pub(super) artim: Duration,
    /// For anything else.
    pub(super) idle: Duration,
}

impl From<&Policy> for Patience {
    fn from(policy: &Policy) -> Self {
        Self {
            artim: policy.artim_timeout,
            idle: policy.idle_timeout,
        }
    }
}

/// A connection that carries PDUs.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Stream,
    patience: Patience,
    buffer: BytesMut,
    max_data: usize,
    habits: Habits<UpperLayer>,
}

impl Connection {
    /// Takes over a stream. `max_pdu` is the maximum length that the peer is or will be told (0 = no limit).
    pub(super) fn new(stream: Stream, max_pdu: u32, patience: Patience) -> Self {
        let max_data = if max_pdu == 0 {
            MAX_DATA_PDU
        } else {
            max_pdu as usize
        };
        Self {
            stream,
            patience,
            buffer: BytesMut::new(),
            max_data,
            habits: Habits::default(),
        }
    }

    /// The same with these habits.
    pub(super) fn with_habits(mut self, habits: Habits<UpperLayer>) -> Self {
        self.habits = habits;
        self
    }

    /// Whether this is a habit of the upper layer here.
    pub(super) fn does(&self, habit: UpperLayer) -> bool {
        self.habits.has(habit)
    }

    /// The next PDU. Cancel safe: what was read of one that is not complete stays.
    pub(super) async fn read(&mut self) -> Result<RawPdu, Gone> {
        loop {
            if let Some(pdu) = self.take()? {
                return Ok(pdu);
            }
            // Data sets are kept as slices of these buffers, so a new one is begun only when this one is nearly full.
            if self.buffer.capacity() - self.buffer.len() < LEAST_READ {
                self.buffer.reserve(READ);
            }
            if !self.buffer.is_empty() && self.does(UpperLayer::OneRead) {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(if self.buffer.is_empty() {
                    Gone::Closed
                } else {
                    io::Error::from(io::ErrorKind::UnexpectedEof).into()
                });
            }
        }
    }

    /// How long is waited for this peer.
    pub(super) const fn patience(&self) -> Patience {
        self.patience
    }

    /// The next PDU, if it comes within this time. Cancel safe.
    pub(super) async fn read_within(&mut self, patience: Duration) -> Result<RawPdu, Gone> {
        match timeout(patience, self.read()).await {
            Ok(read) => read,
            Err(_) => Err(Gone::Idle(patience)),
        }
    }

    /// A PDU that is here whole. Memory follows what came in, never what a length claims.
    fn take(&mut self) -> Result<Option<RawPdu>, Gone> {
        let Some(&[kind, _, a, b, c, d]) = self.buffer.first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let limit = if kind == P_DATA_TF {
            self.max_data
        } else {
            MAX_CONTROL_PDU
        };
        if length > limit && !self.does(UpperLayer::LengthsBelieved) {
            return Err(Gone::TooLong {
                kind,
                length,
                limit,
            });
        }
        if self.buffer.len() < PDU_HEADER + length {
            return Ok(None);
        }
        let bytes = self.buffer.split_to(PDU_HEADER + length).freeze();
        Ok(Some(RawPdu { kind, bytes }))
    }

    /// Writes all of it at once, giving up when the peer takes nothing for a long time.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let writing = async {
            self.stream.write_all(bytes).await?;
            // TLS may still hold what the network did not take.
            self.stream.flush().await
        };
        match timeout(self.patience.idle, writing).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Gone::Idle(self.patience.idle)),
        }
    }

    /// Writes at most so many bytes a second.
    pub(super) async fn write_slowly(
        &mut self,
        mut bytes: &[u8],
        per_second: u64,
    ) -> Result<(), Gone> {
        let slice = usize::try_from(per_second / 10)
            .unwrap_or(usize::MAX)
            .max(1);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(slice.min(bytes.len()));
            self.write(now).await?;
            sleep(Duration::from_secs_f64(
                now.len() as f64 / per_second.max(1) as f64,
            ))
            .await;
            bytes = later;
        }
        Ok(())
    }

    /// Sends A-ABORT (PS3.8 9.3.8) and waits for the peer to close.
    pub(super) async fn abort(&mut self, source: u8, reason: u8) {
        if self
            .write(&[kind::ABORT, 0, 0, 0, 0, 4, 0, 0, source, reason])
            .await
            .is_ok()
        {
            self.linger().await;
        }
    }

    /// Waits for the peer to close, as whoever wrote the last PDU has to (PS3.8 9.2, state 13), but no longer than ARTIM.
    pub(super) async fn linger(&mut self) {
        let patience = self.patience.artim;
        let drain = async {
            while let Ok(1..) = self.stream.read_buf(&mut self.buffer).await {
                self.buffer.clear();
            }
            // Over TLS an end without its alert would be none (RFC 8446 6.1).
            self.stream.shutdown().await
        };
        let _ = timeout(patience, drain).await;
    }

    /// Leaves the peer without any answer until it closes.
    pub(super) async fn hold(&mut self) {
        while let Ok(1..) = self.stream.read_buf(&mut self.buffer).await {
            self.buffer.clear();
        }
    }

    /// Ends the connection from outside.
    pub(super) fn switch(&self) -> Switch {
        self.stream.switch()
    }

    /// Whether the connection was told never to answer.
    pub(super) fn is_silent(&self) -> bool {
        self.stream.is_silent()
    }
}
