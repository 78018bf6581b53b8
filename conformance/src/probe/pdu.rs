//! The upper layer byte by byte (PS3.8 9.3): associations whose every PDU the harness writes and reads itself.

mod acceptance;
pub mod command;
mod proposal;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;
use crate::transcript::{Transcript, WAIT, excerpt};

pub use acceptance::{Acceptance, ContextResult};
pub use proposal::{Proposal, ProposedContext};

/// The PDU types (PS3.8 9.3.1).
pub mod kind {
    /// A-ASSOCIATE-RQ.
    pub const ASSOCIATE_RQ: u8 = 0x01;
    /// A-ASSOCIATE-AC.
    pub const ASSOCIATE_AC: u8 = 0x02;
    /// A-ASSOCIATE-RJ.
    pub const ASSOCIATE_RJ: u8 = 0x03;
    /// P-DATA-TF.
    pub const DATA: u8 = 0x04;
    /// A-RELEASE-RQ.
    pub const RELEASE_RQ: u8 = 0x05;
    /// A-RELEASE-RP.
    pub const RELEASE_RP: u8 = 0x06;
    /// A-ABORT.
    pub const ABORT: u8 = 0x07;
}

/// Items and sub-items of the association PDUs (PS3.8 9.3.2, PS3.7 D.3.3).
pub mod item {
    /// Application context.
    pub const APPLICATION_CONTEXT: u8 = 0x10;
    /// Presentation context of a request.
    pub const PROPOSED_CONTEXT: u8 = 0x20;
    /// Presentation context of an acceptance.
    pub const CONTEXT_RESULT: u8 = 0x21;
    /// Abstract syntax.
    pub const ABSTRACT_SYNTAX: u8 = 0x30;
    /// Transfer syntax.
    pub const TRANSFER_SYNTAX: u8 = 0x40;
    /// User information.
    pub const USER_INFORMATION: u8 = 0x50;
    /// Maximum length.
    pub const MAXIMUM_LENGTH: u8 = 0x51;
    /// Implementation class UID.
    pub const IMPLEMENTATION_CLASS: u8 = 0x52;
    /// Asynchronous operations window.
    pub const ASYNCHRONOUS_WINDOW: u8 = 0x53;
    /// SCP/SCU role selection.
    pub const ROLE_SELECTION: u8 = 0x54;
    /// Implementation version name.
    pub const IMPLEMENTATION_VERSION: u8 = 0x55;
    /// SOP class extended negotiation.
    pub const EXTENDED_NEGOTIATION: u8 = 0x56;
    /// User identity.
    pub const USER_IDENTITY: u8 = 0x58;
    /// User identity, the server's answer.
    pub const USER_IDENTITY_ANSWER: u8 = 0x59;
}

/// Message control header: a fragment of a command (PS3.8 E.2).
pub const COMMAND: u8 = 0x01;
/// Message control header: the last fragment (PS3.8 E.2).
pub const LAST: u8 = 0x02;

/// The longest PDU that is read: we offer 16 KiB, and there is no reason to wait for more than this.
const PDU_LIMIT: u32 = 4 * 1024 * 1024;
/// The longest message that is put together.
const MESSAGE_LIMIT: usize = 64 * 1024 * 1024;

/// A connection on which PDUs are written and read as bytes.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    transcript: Transcript,
    values: VecDeque<(u8, u8, Bytes)>,
    longest: usize,
}

/// A PDU as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPdu {
    /// Its type.
    pub kind: u8,
    /// What follows the length.
    pub body: Bytes,
}

/// What comes when one waits for a PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A PDU.
    Pdu(RawPdu),
    /// The end of the connection, in order.
    Closed,
    /// The end of the connection by a reset, or inside a PDU.
    Broken(String),
    /// Nothing in this time.
    Nothing(Duration),
}

/// A message as it came: its command set and data set put together, and nothing of them read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// Presentation context ID.
    pub context: u8,
    /// The command set.
    pub command: Bytes,
    /// The data set, if its command set says that there is one.
    pub data_set: Option<Bytes>,
}

impl Wire {
    /// A TCP connection, nothing sent.
    ///
    /// # Errors
    /// A failure if nobody listens.
    pub async fn connect(target: &DimseTarget, transcript: &Transcript) -> Verdict<Self> {
        let failed = |error: std::io::Error| Finding::fail(format!("no connection: {error}"));
        let socket = TcpStream::connect(&target.address).await.map_err(failed)?;
        Self::over(socket, transcript).map_err(failed)
    }

    /// A connection that somebody else has opened.
    ///
    /// # Errors
    /// The connection is gone already.
    pub(super) fn over(socket: TcpStream, transcript: &Transcript) -> std::io::Result<Self> {
        // Without this a message of several PDUs waits for the peer's delayed acknowledgement.
        socket.set_nodelay(true)?;
        Ok(Self {
            socket,
            transcript: transcript.clone(),
            values: VecDeque::new(),
            longest: 0,
        })
    }

    /// An association as proposed.
    ///
    /// # Errors
    /// A failure if it is not accepted, or the acceptance cannot be read.
    pub async fn open(
        target: &DimseTarget,
        proposal: &Proposal,
        transcript: &Transcript,
    ) -> Verdict<(Self, Acceptance)> {
        let mut wire = Self::connect(target, transcript).await?;
        let heard = wire.propose(proposal).await?;
        let answer = heard.pdu("the association request")?;
        if answer.kind != kind::ASSOCIATE_AC {
            return Err(Finding::fail(format!(
                "{} to the association request",
                answer.name()
            )));
        }
        Ok((wire, Acceptance::read(&answer.body)?))
    }

    /// Sends the request of an association and waits for what comes.
    ///
    /// # Errors
    /// A failure if the connection has ended before.
    pub async fn propose(&mut self, proposal: &Proposal) -> Verdict<Heard> {
        let line = format!(
            "A-ASSOCIATE-RQ {} to {}, {} contexts",
            proposal.calling,
            proposal.called,
            proposal.contexts.len()
        );
        self.write(&pdu(kind::ASSOCIATE_RQ, &proposal.to_bytes()), &line)
            .await?;
        self.hear().await
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn write(&mut self, bytes: &[u8], line: &str) -> Verdict {
        self.transcript.sent(line, excerpt(bytes));
        let written = self.socket.write_all(bytes).await;
        written.map_err(|error| Finding::fail(format!("the connection ended: {error}")))
    }

    /// Writes each byte into a segment of its own, and lets the receiver run between two of them.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn drip(&mut self, bytes: &[u8], line: &str) -> Verdict {
        self.transcript.sent(line, excerpt(bytes));
        for byte in bytes {
            let written = self.socket.write_all(&[*byte]).await;
            written.map_err(|error| Finding::fail(format!("the connection ended: {error}")))?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Ends our direction of the connection.
    ///
    /// # Errors
    /// A failure if the connection has ended before.
    pub async fn close_our_side(&mut self) -> Verdict {
        let closed = self.socket.shutdown().await;
        closed.map_err(|error| Finding::fail(format!("the connection ended: {error}")))
    }

    /// What comes next.
    ///
    /// # Errors
    /// A failure if it is a PDU whose length is beyond reason.
    pub async fn hear(&mut self) -> Verdict<Heard> {
        let ticket = self.transcript.sent(WAIT, "");
        let mut head = [0; 6];
        let heard = match self.socket.read(&mut head[..1]).await {
            Ok(0) => Heard::Closed,
            Err(error) => Heard::Broken(error.to_string()),
            Ok(_) => match self.socket.read_exact(&mut head[1..]).await {
                Err(error) => Heard::Broken(error.to_string()),
                Ok(_) => {
                    let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
                    if length > PDU_LIMIT {
                        return Err(Finding::fail(format!(
                            "a PDU of type {:02X}H and length {length}",
                            head[0]
                        )));
                    }
                    let mut body = vec![0; length as usize];
                    match self.socket.read_exact(&mut body).await {
                        Err(error) => Heard::Broken(error.to_string()),
                        Ok(_) => Heard::Pdu(RawPdu {
                            kind: head[0],
                            body: body.into(),
                        }),
                    }
                }
            },
        };
        if let Heard::Pdu(pdu) = &heard {
            if pdu.kind == kind::DATA {
                self.longest = self.longest.max(pdu.body.len());
            }
            self.transcript.got(ticket, pdu.name(), &excerpt(&pdu.body));
        } else {
            self.transcript.got(ticket, heard.words(), "");
        }
        Ok(heard)
    }

    /// What comes next, if it comes in this time.
    ///
    /// # Errors
    /// As [`Self::hear`].
    pub async fn hear_within(&mut self, limit: Duration) -> Verdict<Heard> {
        match timeout(limit, self.hear()).await {
            Ok(heard) => heard,
            Err(_) => Ok(Heard::Nothing(limit)),
        }
    }

    /// Reads the next PDU.
    ///
    /// # Errors
    /// A failure if the connection ends before, or the length is beyond reason.
    pub async fn read(&mut self) -> Verdict<RawPdu> {
        match self.hear().await? {
            Heard::Pdu(pdu) => Ok(pdu),
            other => Err(Finding::fail(other.words())),
        }
    }

    /// Reads the next message.
    ///
    /// # Errors
    /// A failure if anything else comes.
    pub async fn message(&mut self) -> Verdict<RawMessage> {
        let (context, command) = self.fragments(COMMAND).await?;
        let follows = command::number(&command, command::DATA_SET_TYPE);
        let data_set = match follows {
            None | Some(command::NO_DATA_SET) => None,
            Some(_) => {
                let (same, data_set) = self.fragments(0).await?;
                if same != context {
                    return Err(Finding::fail(format!(
                        "a data set on context {same} after a command on context {context}"
                    )));
                }
                Some(data_set)
            }
        };
        Ok(RawMessage {
            context,
            command,
            data_set,
        })
    }

    /// Reads the next message; nothing if the peer releases.
    ///
    /// # Errors
    /// A failure if anything else comes.
    pub(super) async fn message_or_release(&mut self) -> Verdict<Option<RawMessage>> {
        if self.values.is_empty() {
            let next = self.read().await?;
            if next.kind == kind::RELEASE_RQ {
                return Ok(None);
            }
            self.values.extend(next.values()?);
        }
        self.message().await.map(Some)
    }

    /// The values up to a last one, all of the wanted kind and of one context.
    async fn fragments(&mut self, wanted: u8) -> Verdict<(u8, Bytes)> {
        let mut whole = BytesMut::new();
        let mut on = None;
        loop {
            while let Some((context, control, fragment)) = self.values.pop_front() {
                if control & COMMAND != wanted {
                    return Err(Finding::fail(format!(
                        "a value with message control header {control:02X}H where another kind was due"
                    )));
                }
                if *on.get_or_insert(context) != context {
                    return Err(Finding::fail(format!(
                        "a value for presentation context {context} inside a message on another"
                    )));
                }
                whole.extend_from_slice(&fragment);
                if whole.len() > MESSAGE_LIMIT {
                    return Err(Finding::fail(format!(
                        "a message of more than {MESSAGE_LIMIT} bytes"
                    )));
                }
                if control & LAST != 0 {
                    return Ok((context, whole.freeze()));
                }
            }
            let values = self.read().await?.values()?;
            self.values.extend(values);
        }
    }

    /// The length of the longest P-DATA-TF that came, as its header says it.
    pub const fn longest(&self) -> usize {
        self.longest
    }

    /// C-ECHO on this context; whether the association still works.
    ///
    /// # Errors
    /// A failure unless it is answered with success.
    pub async fn echo(&mut self, context: u8, message_id: u16) -> Verdict {
        let request = data_value(context, COMMAND | LAST, &command::echo_rq(message_id));
        let line = format!("C-ECHO-RQ {message_id}");
        self.write(&pdu(kind::DATA, &request), &line).await?;
        let answer = self.message().await?;
        command::echo_answered(&answer.command, message_id)
    }

    /// Releases the association.
    ///
    /// # Errors
    /// A failure if the answer is anything but A-RELEASE-RP.
    pub async fn release(mut self) -> Verdict {
        self.write(&pdu(kind::RELEASE_RQ, &[0; 4]), "A-RELEASE-RQ")
            .await?;
        let answer = self.read().await?;
        match answer.kind {
            kind::RELEASE_RP => Ok(()),
            _ => Err(Finding::fail(format!(
                "{} to the release request",
                answer.name()
            ))),
        }
    }

    /// Sends A-ABORT as its user would (PS3.8 9.3.8), and closes.
    ///
    /// # Errors
    /// A failure if the connection has ended before.
    pub async fn abort(mut self) -> Verdict {
        self.write(&pdu(kind::ABORT, &[0; 4]), "A-ABORT").await?;
        let _ = self.socket.shutdown().await;
        Ok(())
    }
}

impl Heard {
    /// In words: "A-ABORT 2/1", "the connection was closed".
    pub fn words(&self) -> String {
        match self {
            Self::Pdu(pdu) => pdu.name(),
            Self::Closed => "the connection was closed".into(),
            Self::Broken(error) => format!("the connection broke: {error}"),
            Self::Nothing(limit) => format!("nothing within {} s", limit.as_secs_f32()),
        }
    }

    /// The PDU.
    ///
    /// # Errors
    /// A failure if it is something else.
    pub fn pdu(self, to: &str) -> Verdict<RawPdu> {
        match self {
            Self::Pdu(pdu) => Ok(pdu),
            other => Err(Finding::fail(format!("{} after {to}", other.words()))),
        }
    }
}

impl RawPdu {
    /// Its name in PS3.8, with the reason of a rejection or an abort.
    pub fn name(&self) -> String {
        let bytes = |range: std::ops::Range<usize>| {
            self.body.get(range).map(|bytes| {
                bytes
                    .iter()
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join("/")
            })
        };
        match self.kind {
            kind::ASSOCIATE_RQ => "A-ASSOCIATE-RQ".into(),
            kind::ASSOCIATE_AC => "A-ASSOCIATE-AC".into(),
            kind::ASSOCIATE_RJ => format!("A-ASSOCIATE-RJ {}", bytes(1..4).unwrap_or_default()),
            kind::DATA => "P-DATA-TF".into(),
            kind::RELEASE_RQ => "A-RELEASE-RQ".into(),
            kind::RELEASE_RP => "A-RELEASE-RP".into(),
            kind::ABORT => format!("A-ABORT {}", bytes(2..4).unwrap_or_default()),
            other => format!("a PDU of type {other:02X}H"),
        }
    }

    /// Source of an A-ABORT: 0 is the user, 2 the provider (PS3.8 9.3.8).
    pub fn abort_source(&self) -> Option<u8> {
        (self.kind == kind::ABORT)
            .then(|| self.body.get(2).copied())
            .flatten()
    }

    /// Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4).
    pub fn rejection(&self) -> Option<[u8; 3]> {
        if self.kind != kind::ASSOCIATE_RJ {
            return None;
        }
        self.body.get(1..4)?.try_into().ok()
    }

    /// The presentation data values of a P-DATA-TF: context ID, message control header, fragment.
    ///
    /// # Errors
    /// A failure if it is another PDU or an item does not fit.
    pub fn values(&self) -> Verdict<Vec<(u8, u8, Bytes)>> {
        if self.kind != kind::DATA {
            return Err(Finding::fail(format!(
                "{} in place of P-DATA-TF",
                self.name()
            )));
        }
        let mut rest = self.body.clone();
        let mut values = Vec::new();
        while !rest.is_empty() {
            let length = rest
                .get(..4)
                .map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize);
            let Some(length) = length.filter(|&length| length >= 2 && length <= rest.len() - 4)
            else {
                return Err(Finding::fail(format!(
                    "a presentation data value of length {length:?}"
                )));
            };
            let item = rest.split_to(4 + length);
            values.push((item[4], item[5], item.slice(6..)));
        }
        Ok(values)
    }
}

/// A PDU of this type around the body.
pub fn pdu(kind: u8, body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[kind, 0]);
    out.put_u32(body.len() as u32);
    out.put_slice(body);
    out.freeze()
}

/// A presentation data value: to be put into a P-DATA-TF, alone or with others.
pub fn data_value(context: u8, control: u8, fragment: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_u32(fragment.len() as u32 + 2);
    out.put_slice(&[context, control]);
    out.put_slice(fragment);
    out.freeze()
}

/// The P-DATA-TF PDUs of a message for a peer that takes PDUs of this length (0 = any).
pub fn message_pdus(context: u8, command: &[u8], data_set: Option<&[u8]>, limit: u32) -> Bytes {
    let room = match limit as usize {
        0 => 16 * 1024,
        limit => limit.clamp(16, 64 * 1024) - 6,
    };
    let mut out = BytesMut::new();
    let mut put = |bytes: &[u8], control: u8| {
        let count = bytes.len().div_ceil(room).max(1);
        for n in 0..count {
            let end = bytes.len().min((n + 1) * room);
            let last = if n + 1 == count { LAST } else { 0 };
            let value = data_value(context, control | last, &bytes[n * room..end]);
            out.put_slice(&pdu(kind::DATA, &value));
        }
    };
    put(command, COMMAND);
    if let Some(data_set) = data_set {
        put(data_set, 0);
    }
    out.freeze()
}

/// An item or sub-item: type, reserved byte, length, content.
fn item_of(kind: u8, reserved: u8, content: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[kind, reserved]);
    out.put_u16(content.len() as u16);
    out.put_slice(content);
    out.freeze()
}

/// The items in a piece of an association PDU.
fn items(mut rest: Bytes) -> Verdict<Vec<(u8, Bytes)>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = rest
            .get(2..4)
            .map(|bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
        let Some(length) = length.filter(|length| 4 + length <= rest.len()) else {
            return Err(Finding::fail(format!(
                "an item of type {:02X}H and length {length:?} in {} bytes",
                rest[0],
                rest.len()
            )));
        };
        let item = rest.split_to(4 + length);
        found.push((item[0], item.slice(4..)));
    }
    Ok(found)
}

/// Text of an item, padding removed.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .trim_end_matches(['\0', ' '])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_do_not_fit_are_named() {
        let both = [data_value(1, 3, b"ab"), data_value(1, 2, b"")].concat();
        let read = RawPdu {
            kind: kind::DATA,
            body: both.into(),
        }
        .values()
        .unwrap();
        assert_eq!(
            read,
            [(1, 3, Bytes::from_static(b"ab")), (1, 2, Bytes::new())]
        );
        let lying = RawPdu {
            kind: kind::DATA,
            body: Bytes::from_static(&[0, 0, 0, 9, 1, 3]),
        };
        assert!(lying.values().is_err());
        assert!(
            RawPdu {
                kind: kind::ABORT,
                body: Bytes::from_static(&[0, 0, 2, 1])
            }
            .values()
            .is_err()
        );
    }

    #[test]
    fn a_message_is_cut_to_the_limit_of_the_peer() {
        let pdus = message_pdus(3, &[1; 10], Some(&[2; 100]), 46);
        let lengths: Vec<_> = std::iter::successors(Some(&pdus[..]), |rest| {
            let length = u32::from_be_bytes([rest[2], rest[3], rest[4], rest[5]]) as usize;
            rest.get(6 + length..).filter(|rest| !rest.is_empty())
        })
        .map(|pdu| (pdu[5], pdu[11]))
        .collect();
        assert_eq!(
            lengths,
            [(16, COMMAND | LAST), (46, 0), (46, 0), (26, LAST)]
        );
    }
}
