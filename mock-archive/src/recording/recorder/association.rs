//! What the PDUs of one association mean.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use dicom_ul::pdu::{self, Pdu, PresentationContextResultReason};
use dicom_wire::dimse::pdv::{self, Assembler, Event, P_DATA_TF, Place};
use dicom_wire::dimse::{CommandSet, DataSet, Status, StatusClass, element};
use dicom_wire::uid::Uid;

use super::writer::Inlet;
use crate::recording::Ending;
use crate::recording::dimse::{Answered, Data, Negotiation, Opened, Proposed, Seen};

/// PDU types (PS3.8 9.3.1).
const ASSOCIATE_RQ: u8 = 0x01;
const ASSOCIATE_AC: u8 = 0x02;
const ASSOCIATE_RJ: u8 = 0x03;

/// The bit that makes a response of a Command Field (PS3.7 E.1).
const RESPONSE: u16 = 0x8000;
/// C-CANCEL-RQ: no operation of its own.
const CANCEL: u16 = 0x0FFF;

/// Who sent a PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one who opened the association.
    Client,
    /// The one who was called.
    Archive,
}

/// An operation under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) number: u64,
    pub(crate) started: Instant,
    pub(crate) calling: String,
    pub(crate) called: String,
    pub(crate) abstract_syntax: Uid,
    pub(crate) transfer_syntax: Uid,
    pub(crate) request: Seen,
    pub(crate) answers: Vec<Seen>,
}

/// Follows one association, and gives what it sees to the writer.
#[derive(Debug)]
pub(super) struct Observer {
    out: Inlet,
    max_body: usize,
    begun: Option<(u64, Instant, Negotiation)>,
    titles: (String, String),
    contexts: BTreeMap<u8, (Uid, Uid)>,
    from_client: Gathering,
    from_archive: Gathering,
    running: BTreeMap<u16, Running>,
    is_lost: bool,
}

impl Observer {
    pub(super) fn new(max_body: usize, out: Inlet) -> Self {
        Self {
            out,
            max_body,
            begun: None,
            titles: Default::default(),
            contexts: BTreeMap::new(),
            from_client: Gathering::default(),
            from_archive: Gathering::default(),
            running: BTreeMap::new(),
            is_lost: false,
        }
    }

    /// Looks at a PDU, header included.
    pub(super) fn pdu(&mut self, side: Side, bytes: &Bytes) {
        match (side, bytes.first()) {
            _ if self.is_lost => {}
            (_, Some(&P_DATA_TF)) => self.values(side, bytes.slice(pdv::PDU_HEADER..)),
            (Side::Client, Some(&ASSOCIATE_RQ)) => self.requested(bytes),
            (Side::Archive, Some(&ASSOCIATE_AC)) => self.accepted(bytes),
            (Side::Archive, Some(&ASSOCIATE_RJ)) => {
                if let Some(&[result, source, reason]) = bytes.get(7..10) {
                    self.opened(Opened::Rejected {
                        result,
                        source,
                        reason,
                    });
                }
            }
            _ => {}
        }
    }

    /// The archive could not be reached.
    pub(super) fn failed(&mut self, why: &str) {
        self.opened(Opened::Failed(why.to_owned()));
    }

    /// Stops looking: what comes can no longer be followed.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }

    fn requested(&mut self, bytes: &[u8]) {
        let Ok(Some(Pdu::AssociationRQ(request))) =
            pdu::read_pdu(bytes, pdu::MAXIMUM_PDU_SIZE, false)
        else {
            self.lose();
            return;
        };
        let title = |text: &str| text.trim_matches([' ', '\0']).to_owned();
        self.titles = (
            title(&request.calling_ae_title),
            title(&request.called_ae_title),
        );
        let proposed = request
            .presentation_contexts
            .into_iter()
            .map(|context| Proposed {
                id: context.id,
                abstract_syntax: title(&context.abstract_syntax),
                transfer_syntaxes: context
                    .transfer_syntaxes
                    .iter()
                    .map(|uid| title(uid))
                    .collect(),
            });
        let negotiation = Negotiation {
            calling: self.titles.0.clone(),
            called: self.titles.1.clone(),
            proposed: proposed.collect(),
            outcome: Opened::Failed("the archive closed before it answered".to_owned()),
        };
        self.begun = Some((self.out.number(), Instant::now(), negotiation));
    }

    fn accepted(&mut self, bytes: &[u8]) {
        let Ok(Some(Pdu::AssociationAC(answer))) =
            pdu::read_pdu(bytes, pdu::MAXIMUM_PDU_SIZE, false)
        else {
            self.lose();
            return;
        };
        let Some((_, _, negotiation)) = &self.begun else {
            return;
        };
        let mut answered = Vec::new();
        for context in answer.presentation_contexts {
            let result = match context.reason {
                PresentationContextResultReason::Acceptance => 0,
                PresentationContextResultReason::UserRejection => 1,
                PresentationContextResultReason::NoReason => 2,
                PresentationContextResultReason::AbstractSyntaxNotSupported => 3,
                PresentationContextResultReason::TransferSyntaxesNotSupported => 4,
            };
            let syntax = context.transfer_syntax.trim_matches([' ', '\0']).to_owned();
            let proposed = negotiation
                .proposed
                .iter()
                .find(|known| known.id == context.id);
            let proposed = proposed.and_then(|known| known.abstract_syntax.parse().ok());
            if let (0, Some(class), Ok(syntax)) = (result, proposed, syntax.parse()) {
                self.contexts.insert(context.id, (class, syntax));
            }
            answered.push(Answered {
                id: context.id,
                result,
                transfer_syntax: (result == 0).then_some(syntax),
            });
        }
        self.opened(Opened::Accepted(answered));
    }

    fn opened(&mut self, outcome: Opened) {
        if let Some((number, started, mut negotiation)) = self.begun.take() {
            negotiation.outcome = outcome;
            self.out.negotiated(number, started, negotiation);
        }
    }

    fn values(&mut self, side: Side, body: Bytes) {
        let Ok(values) = pdv::read_body(body) else {
            self.lose();
            return;
        };
        for value in values {
            let gathering = match side {
                Side::Client => &mut self.from_client,
                Side::Archive => &mut self.from_archive,
            };
            match gathering.push(value, self.max_body) {
                Ok(None) => {}
                Ok(Some(seen)) => self.message(side, seen),
                Err(_) => {
                    self.lose();
                    return;
                }
            }
        }
    }

    fn message(&mut self, side: Side, mut seen: Seen) {
        let number = |field| seen.set.number(field).ok().flatten();
        let Some(field) = number(element::COMMAND_FIELD) else {
            return;
        };
        let responded = number(element::MESSAGE_ID_RESPONDED_TO);
        let Some((class, syntax)) = self.contexts.get(&seen.context).cloned() else {
            return;
        };
        seen.transfer_syntax = Some(syntax.clone());
        match side {
            // An answer to a request of the archive's is the client's affair.
            Side::Client if field & RESPONSE != 0 || field == CANCEL => {}
            Side::Client => {
                let Some(id) = number(element::MESSAGE_ID) else {
                    return;
                };
                let running = Running {
                    number: self.out.number(),
                    started: Instant::now(),
                    calling: self.titles.0.clone(),
                    called: self.titles.1.clone(),
                    abstract_syntax: class,
                    transfer_syntax: syntax,
                    request: seen,
                    answers: Vec::new(),
                };
                if let Some(before) = self.running.insert(id, running) {
                    self.out.operated(before, Ending::Cut);
                }
            }
            Side::Archive if field & RESPONSE != 0 => {
                let Some(id) = responded else { return };
                let status = number(element::STATUS).map(Status);
                let is_last = status.is_none_or(|status| status.class() != StatusClass::Pending);
                let Some(running) = self.running.get_mut(&id) else {
                    return;
                };
                running.answers.push(seen);
                if is_last && let Some(running) = self.running.remove(&id) {
                    self.out.operated(running, Ending::Whole);
                }
            }
            // A request of the archive's belongs to the operation that makes it ask: the latest.
            Side::Archive => {
                if let Some((_, running)) = self.running.iter_mut().next_back() {
                    running.answers.push(seen);
                }
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.end();
    }
}

impl Observer {
    /// Writes what has not come to its end.
    pub(super) fn end(&mut self) {
        if let Some((number, started, negotiation)) = self.begun.take() {
            self.out.negotiated(number, started, negotiation);
        }
        for running in std::mem::take(&mut self.running).into_values() {
            self.out.operated(running, Ending::Cut);
        }
    }
}

/// Messages of one direction.
#[derive(Debug, Default)]
struct Gathering {
    assembler: Assembler,
    message: Option<(u8, CommandSet)>,
    bytes: BytesMut,
    length: u64,
}

impl Gathering {
    fn push(&mut self, value: pdv::Pdv, limit: usize) -> Result<Option<Seen>, pdv::PdvError> {
        let seen = |(context, set), data| Seen {
            context,
            set,
            data,
            transfer_syntax: None,
        };
        match self.assembler.push(value)? {
            None => Ok(None),
            Some(Event::Command {
                context,
                set,
                data_set: DataSet::Absent,
            }) => Ok(Some(seen((context, set), Data::None))),
            Some(Event::Command { context, set, .. }) => {
                self.message = Some((context, set));
                (self.bytes, self.length) = (BytesMut::new(), 0);
                Ok(None)
            }
            Some(Event::Data { bytes, place }) => {
                self.length += bytes.len() as u64;
                if self.length <= limit as u64 {
                    self.bytes.extend_from_slice(&bytes);
                } else {
                    self.bytes = BytesMut::new();
                }
                if place == Place::Inner {
                    return Ok(None);
                }
                let data = if self.length <= limit as u64 {
                    Data::Whole(self.bytes.split().freeze())
                } else {
                    Data::TooLong(self.length)
                };
                Ok(self.message.take().map(|message| seen(message, data)))
            }
        }
    }
}
