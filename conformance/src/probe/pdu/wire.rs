//! A connection on which PDUs are written and read as bytes.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{
    Acceptance, COMMAND, Heard, LAST, Proposal, RawMessage, RawPdu, command, data_value, kind, pdu,
};
use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;
use crate::transcript::{Transcript, WAIT, excerpt};

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
    pub(in crate::probe) fn over(
        socket: TcpStream,
        transcript: &Transcript,
    ) -> std::io::Result<Self> {
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
        written.map_err(ended)
    }

    /// Writes each byte into a segment of its own, and lets the receiver run between two of them.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn drip(&mut self, bytes: &[u8], line: &str) -> Verdict {
        self.transcript.sent(line, excerpt(bytes));
        for byte in bytes {
            let written = self.socket.write_all(&[*byte]).await;
            written.map_err(ended)?;
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
        closed.map_err(ended)
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
    pub(in crate::probe) async fn message_or_release(&mut self) -> Verdict<Option<RawMessage>> {
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
        released(&self.read().await?)
    }

    /// The same, passing over data that was on its way.
    ///
    /// # Errors
    /// A failure if the answer is neither data nor A-RELEASE-RP.
    pub async fn release_over_data(mut self) -> Verdict {
        self.write(&pdu(kind::RELEASE_RQ, &[0; 4]), "A-RELEASE-RQ")
            .await?;
        loop {
            let answer = self.read().await?;
            if answer.kind != kind::DATA {
                return released(&answer);
            }
        }
    }

    /// Sends A-ABORT as its user would (PS3.8 9.3.8), and closes.
    ///
    /// # Errors
    /// A failure if the connection has ended before.
    pub async fn abort(mut self) -> Verdict {
        self.write(&pdu(kind::ABORT, &[0; 4]), "A-ABORT").await?;
        let _ = self.socket.shutdown().await;
        // Who closes has seen it: what is asked next is not asked too early.
        let mut rest = [0; 1024];
        let seen = async { while let Ok(1..) = self.socket.read(&mut rest).await {} };
        let _ = tokio::time::timeout(FAREWELL, seen).await;
        Ok(())
    }
}

/// How long is waited for the other side to close after an abort.
const FAREWELL: Duration = Duration::from_secs(1);

fn released(answer: &RawPdu) -> Verdict {
    match answer.kind {
        kind::RELEASE_RP => Ok(()),
        _ => Err(Finding::fail(format!(
            "{} to the release request",
            answer.name()
        ))),
    }
}

/// Which of its words the system finds for a closed connection depends on the moment: they are not told.
fn ended(error: io::Error) -> Finding {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset => {
            Finding::fail("the connection ended while it was written to")
        }
        _ => Finding::fail(format!("the connection ended: {error}")),
    }
}
