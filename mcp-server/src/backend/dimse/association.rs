//! An association that this server opened (PS3.8): messages out, messages in, and an end that the archive notices.
//!
//! Dropped before it is released, as when a call is cancelled or out of time, it sends a C-CANCEL for the operation under
//! way and an A-ABORT, so that the archive does not work on for nobody.

mod negotiation;

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use dicom_ul::pdu::PresentationContextResultReason as Reason;
use dicom_wire::dimse::pdv::{self, Assembler, Event, P_DATA_TF, PDU_HEADER, Pdv, Place};
use dicom_wire::dimse::{CancelRequest, Command, DataSet, Message};

use super::stream::Stream;
use crate::error::Failure;
use crate::text;

pub(super) use negotiation::{Context, Peer, Proposal, Role};

/// The longest P-DATA-TF that is taken, as it is told to the archive.
const MAX_PDU: u32 = 128 << 10;
/// The longest other PDU: an acceptance of 128 contexts has some 10 KiB.
const MAX_CONTROL_PDU: usize = 256 << 10;
/// The longest identifier or command with its data set that is held.
const MAX_HELD: usize = 4 << 20;

const RELEASE_RQ: u8 = 0x05;
const RELEASE_RP: u8 = 0x06;
const ABORT: u8 = 0x07;

/// An open association.
#[derive(Debug)]
pub(super) struct Association {
    stream: Stream,
    contexts: Vec<Context>,
    /// Why contexts were not accepted.
    refused: Vec<(String, Reason)>,
    /// Extended negotiation that the archive answered: class and bytes.
    extended: Vec<(String, Vec<u8>)>,
    max_length: u32,
    input: BytesMut,
    values: VecDeque<Pdv>,
    assembler: Assembler,
    last_id: u16,
    /// Context and message ID of the operation under way.
    running: Option<(u8, u16)>,
    /// Whether the archive still has to be told that nobody listens any more.
    open: bool,
    /// Whether the other side ended it in order.
    released: bool,
    doing: String,
}

impl Association {
    /// One over a connection; nothing is agreed on yet.
    fn over(stream: Stream, doing: &str) -> Self {
        Self {
            stream,
            contexts: Vec::new(),
            refused: Vec::new(),
            extended: Vec::new(),
            max_length: 0,
            input: BytesMut::new(),
            values: VecDeque::new(),
            assembler: Assembler::default(),
            last_id: 0,
            running: None,
            open: false,
            released: false,
            doing: doing.to_owned(),
        }
    }

    /// The context for an abstract syntax, the first that was accepted.
    pub(super) fn context(&self, class: &str) -> Result<Context, Failure> {
        let found = self.contexts.iter().find(|context| context.class == class);
        found.cloned().ok_or_else(|| Failure::NotAccepted {
            doing: self.doing.clone(),
            class: text::class_name(class),
            reason: match self.refused.iter().find(|(refused, _)| refused == class) {
                Some((_, Reason::AbstractSyntaxNotSupported)) => "it does not support it",
                Some((_, Reason::TransferSyntaxesNotSupported)) => {
                    "it supports none of the transfer syntaxes"
                }
                Some((_, Reason::UserRejection)) => "it does not want to",
                _ => "it gave no reason",
            },
        })
    }

    /// All accepted contexts.
    pub(super) fn contexts(&self) -> &[Context] {
        &self.contexts
    }

    /// What the archive answered to extended negotiation for a class (PS3.4 C.5.1.1).
    pub(super) fn extended(&self, class: &str) -> Option<&[u8]> {
        let found = self.extended.iter().find(|(of, _)| of == class);
        found.map(|(_, bytes)| bytes.as_slice())
    }

    /// Bytes of a data set that go into one PDU.
    pub(super) fn capacity(&self) -> usize {
        pdv::capacity(self.max_length)
    }

    /// The next message ID.
    pub(super) fn message_id(&mut self) -> u16 {
        self.last_id = self.last_id.wrapping_add(1).max(1);
        self.last_id
    }

    /// Sends a command with its data set, if it has one. A request that can be cancelled is remembered.
    pub(super) async fn send(
        &mut self,
        context: u8,
        command: Command,
        data_set: Option<Bytes>,
    ) -> Result<(), Failure> {
        if matches!(
            command,
            Command::FindRq(_) | Command::GetRq(_) | Command::MoveRq(_)
        ) {
            self.running = Some((context, command.message_id()));
        }
        let message = Message {
            context,
            command,
            data_set,
        };
        let bytes = message.to_pdus(self.max_length);
        self.write(&bytes).await
    }

    /// Sends a command whose data set follows with [`Self::data`].
    pub(super) async fn announce(&mut self, context: u8, command: &Command) -> Result<(), Failure> {
        let bytes = command.to_bytes(DataSet::Present);
        let mut out = BytesMut::new();
        pdv::fragment(context, pdv::Kind::Command, bytes.into(), self.max_length)
            .for_each(|value| value.write_pdu(&mut out));
        self.write(&out).await
    }

    /// Sends the next bytes of a data set, at most [`Self::capacity`].
    pub(super) async fn data(
        &mut self,
        context: u8,
        data: Bytes,
        place: Place,
    ) -> Result<(), Failure> {
        let mut out = BytesMut::new();
        Pdv {
            context,
            kind: pdv::Kind::DataSet,
            place,
            data,
        }
        .write_pdu(&mut out);
        self.write(&out).await
    }

    /// Asks the archive to end the operation under way; it still has to answer.
    pub(super) async fn cancel(&mut self) -> Result<(), Failure> {
        let Some((context, message_id)) = self.running else {
            return Ok(());
        };
        let bytes = cancel(context, message_id);
        self.write(&bytes).await
    }

    /// The next event of a message.
    pub(super) async fn event(&mut self) -> Result<Event, Failure> {
        loop {
            while let Some(value) = self.values.pop_front() {
                if let Some(event) = self.assembler.push(value).map_err(|error| {
                    self.unusable(format!("the archive's message is malformed: {error}"))
                })? {
                    return Ok(event);
                }
            }
            let (kind, mut bytes) = self.pdu().await?;
            match kind {
                P_DATA_TF => {
                    bytes.advance(PDU_HEADER);
                    let values = pdv::read_body(bytes).map_err(|error| {
                        self.unusable(format!("the archive's PDU is malformed: {error}"))
                    })?;
                    self.values.extend(values);
                }
                ABORT => return Err(self.aborted(&bytes)),
                RELEASE_RQ => {
                    self.open = false;
                    self.released = true;
                    return Err(
                        self.unusable("the archive ended the association in the middle".into())
                    );
                }
                other => {
                    return Err(
                        self.unusable(format!("the archive sent a PDU of type {other:02X}H"))
                    );
                }
            }
        }
    }

    /// The next command with its data set, which is held: for identifiers.
    pub(super) async fn message(&mut self) -> Result<(u8, Command, Option<Bytes>), Failure> {
        let Event::Command {
            context,
            set,
            data_set,
        } = self.event().await?
        else {
            return Err(self.unusable("the archive sent a data set without a command".into()));
        };
        let command = Command::from_set(&set).map_err(|error| {
            self.unusable(format!("the archive's command is malformed: {error}"))
        })?;
        let mut held = BytesMut::new();
        if data_set == DataSet::Absent {
            return Ok((context, command, None));
        }
        loop {
            match self.event().await? {
                Event::Data { bytes, place } => {
                    if held.len() + bytes.len() > MAX_HELD {
                        return Err(Failure::TooLarge {
                            doing: self.doing.clone(),
                            limit: MAX_HELD as u64,
                        });
                    }
                    held.extend_from_slice(&bytes);
                    if place == Place::Last {
                        return Ok((context, command, Some(held.freeze())));
                    }
                }
                Event::Command { .. } => {
                    return Err(
                        self.unusable("the archive sent a command inside a data set".into())
                    );
                }
            }
        }
    }

    /// The operation under way has had its final response.
    pub(super) fn finished(&mut self) {
        self.running = None;
    }

    /// Ends the association in order; an archive that does not answer is left.
    pub(super) async fn release(mut self) {
        self.running = None;
        let asked = [RELEASE_RQ, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        if self.write(&asked).await.is_err() {
            return;
        }
        let waiting = std::time::Duration::from_secs(2);
        loop {
            match tokio::time::timeout(waiting, self.pdu()).await {
                // Both asked at once: the one that opened it answers first (PS3.8 9.2, AR-8).
                Ok(Ok((RELEASE_RQ, _))) => {
                    let answer = [RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0];
                    if self.write(&answer).await.is_err() {
                        return;
                    }
                }
                Ok(Ok((RELEASE_RP, _))) => {
                    self.open = false;
                    return;
                }
                Ok(Ok((P_DATA_TF, _))) => {}
                _ => return,
            }
        }
    }

    /// Whether the other side ended the association in order; it is answered then.
    pub(super) async fn is_released(&mut self) -> bool {
        if self.released {
            let answer = [RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0];
            let _ = self.write(&answer).await;
        }
        self.released
    }

    /// A failure of what is being done, for an answer that cannot be relied on.
    pub(super) fn unusable(&self, reason: String) -> Failure {
        Failure::Unusable {
            doing: self.doing.clone(),
            reason,
            said: None,
        }
    }

    fn aborted(&mut self, bytes: &[u8]) -> Failure {
        self.open = false;
        let by = match bytes.get(8) {
            Some(0) => "its application",
            _ => "its upper layer",
        };
        let reason = match (bytes.get(8), bytes.get(9)) {
            (Some(2), Some(1)) => ", unrecognized PDU",
            (Some(2), Some(2)) => ", unexpected PDU",
            (Some(2), Some(4)) => ", unrecognized parameter",
            (Some(2), Some(5)) => ", unexpected parameter",
            (Some(2), Some(6)) => ", invalid parameter",
            _ => "",
        };
        self.unusable(format!(
            "the archive aborted the association ({by}{reason})"
        ))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(bytes).await.map_err(|error| {
            self.open = false;
            self.unusable(format!("the connection broke: {error}"))
        })
    }

    /// The next PDU, whole, with its header.
    async fn pdu(&mut self) -> Result<(u8, Bytes), Failure> {
        self.fill(PDU_HEADER).await?;
        let kind = self.input[0];
        let length = (&self.input[2..6]).get_u32() as usize;
        let limit = if kind == P_DATA_TF {
            MAX_PDU as usize
        } else {
            MAX_CONTROL_PDU
        };
        if length > limit {
            return Err(self.unusable(format!(
                "the archive sent a PDU of {length} bytes where {limit} were agreed on"
            )));
        }
        self.fill(PDU_HEADER + length).await?;
        Ok((kind, self.input.split_to(PDU_HEADER + length).freeze()))
    }

    async fn fill(&mut self, length: usize) -> Result<(), Failure> {
        self.input.reserve(length.saturating_sub(self.input.len()));
        while self.input.len() < length {
            let read = self.stream.read_buf(&mut self.input).await;
            let reason = match read {
                Ok(0) => "the archive closed the connection".to_owned(),
                Ok(_) => continue,
                Err(error) => format!("the connection broke: {error}"),
            };
            self.open = false;
            return Err(self.unusable(reason));
        }
        Ok(())
    }
}

impl Drop for Association {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        let mut last = Vec::new();
        if let Some((context, message_id)) = self.running {
            last.extend_from_slice(&cancel(context, message_id));
        }
        // A-ABORT by the service user (PS3.8 9.3.8).
        last.extend_from_slice(&[ABORT, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        self.stream.last_words(&last);
    }
}

fn cancel(context: u8, message_id: u16) -> Bytes {
    Message {
        context,
        command: Command::from(CancelRequest {
            message_id_responded_to: message_id,
        }),
        data_set: None,
    }
    .to_pdus(0)
}
