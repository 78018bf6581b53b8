//! An association that was accepted: who it is with, what was agreed on, and what it is doing.

mod incoming;
mod outgoing;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use dicom_ul::pdu::RequestorRoles;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::Status;
use dicom_wire::dimse::pdv::{Assembler, Event, Pdv};
use dicom_wire::uid::Uid;

use super::commitment::Report;
use super::connection::Connection;
use super::identifier::Hierarchy;
use super::negotiate::{Extended, Use, usage};
use crate::archive::{Archive, Seat};
use crate::exchange::Exchange;
use crate::moment::{Habits, Manner, Operation, Ruling};
use crate::policy::Extension;
use crate::recording::Player;
use crate::request::{Request, Service};

/// An association is over; nothing more is to be sent on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended;

/// A context that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    /// Its ID.
    pub(super) id: u8,
    /// The SOP class.
    pub(super) abstract_syntax: Uid,
    /// The transfer syntax chosen.
    pub(super) transfer_syntax: Uid,
}

/// How an operation starts, after the `admit` moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// As usual.
    Proceed,
    /// Answer this and do nothing else.
    Fail(Status),
    /// Give no answer.
    Silence,
}

/// An association that was accepted.
#[derive(Debug)]
pub(super) struct Association {
    pub(super) connection: Connection,
    /// Given back as soon as the association is over, whenever the connection ends.
    pub(super) seat: Option<Seat>,
    pub(super) archive: Archive,
    pub(super) number: u64,
    pub(super) calling: AeTitle,
    pub(super) called: AeTitle,
    pub(super) contexts: BTreeMap<u8, Agreed>,
    pub(super) roles: BTreeMap<Uid, RequestorRoles>,
    pub(super) extended: BTreeMap<Uid, Extended>,
    pub(super) max_length: u32,
    pub(super) opening: Exchange,
    pub(super) assembler: Assembler,
    pub(super) values: VecDeque<Pdv>,
    pub(super) early: VecDeque<Event>,
    pub(super) data_sent: u64,
    pub(super) pending_sent: u64,
    /// Whether the operation has had its last response, whatever it still does.
    pub(super) is_answered: bool,
    /// P-DATA-TF PDUs that have come.
    pub(super) pdus: u64,
    /// The acceptance as it went out.
    pub(super) acceptance: Bytes,
    pub(super) reports: VecDeque<Report>,
    pub(super) player: Option<Arc<Player>>,
}

impl Association {
    /// The archive behind it.
    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    /// The recording that answers in place of the archive, if it has DIMSE in it.
    pub(super) fn player(&self) -> Option<Arc<Player>> {
        let player = self.player.clone();
        player.filter(|player| player.dimse.is_some())
    }

    /// Who opened it.
    pub(super) fn calling(&self) -> &AeTitle {
        &self.calling
    }

    /// The accepted contexts, by ID.
    pub(super) fn contexts(&self) -> impl Iterator<Item = &Agreed> {
        self.contexts.values()
    }

    /// The accepted context of this ID. One that was not accepted never gets here.
    pub(super) fn context(&self, id: u8) -> Result<Agreed, Ended> {
        self.contexts.get(&id).cloned().ok_or(Ended)
    }

    /// How operations are carried out on this association.
    pub(super) fn operations(&self) -> Habits<Operation> {
        self.opening.dialect().operations
    }

    /// Whether this is how operations are carried out on this association.
    pub(super) fn does(&self, habit: Operation) -> bool {
        self.operations().has(habit)
    }

    /// Whether the requester takes instances of this class on this association (PS3.7 D.3.3.4).
    pub(super) fn peer_is_scp(&self, class: &Uid) -> bool {
        self.does(Operation::RolesIgnored) || self.roles.get(class).is_some_and(|roles| roles.scp)
    }

    /// What the accepted context of this ID is for.
    pub(super) fn usage_of(&self, context: u8) -> Option<Use> {
        usage(&self.contexts.get(&context)?.abstract_syntax)
    }

    /// What is left of an association that is over: the reports that were not answered, and whom they are for.
    pub(super) fn into_reports(self) -> (Archive, AeTitle, VecDeque<Report>) {
        (self.archive, self.calling, self.reports)
    }

    /// Whether this extension was agreed to for the class.
    pub(super) fn has(&self, class: &Uid, extension: Extension) -> bool {
        self.extended
            .get(class)
            .is_some_and(|extended| extended.has(extension))
    }

    /// How far an identifier for this class has to name the levels above its own.
    pub(super) fn hierarchy(&self, class: &Uid) -> Hierarchy {
        if self.has(class, Extension::Relational) || self.does(Operation::Relational) {
            Hierarchy::Relational
        } else {
            Hierarchy::Strict
        }
    }

    /// The longest P-DATA-TF body that the peer takes; 0 = no limit.
    pub(super) fn max_length(&self) -> u32 {
        self.max_length
    }

    /// Something about the association for the journal.
    pub(super) fn remark(&self, text: impl Into<String>) {
        self.opening.remark(text);
    }

    /// The beginning of a request to the archive.
    pub(super) fn request(&self, service: Service, command: &str) -> Request {
        Request::dimse(service, command, self.calling.clone(), self.called.clone())
            .on_connection(self.number)
    }

    /// Opens an exchange for an operation and passes its `admit` moment, waiting as told.
    pub(super) async fn open(&mut self, request: Request) -> Result<(Exchange, Entry), Ended> {
        let exchange = self.archive.exchange(request);
        self.data_sent = 0;
        self.pending_sent = 0;
        self.is_answered = false;
        let admission = exchange.admit();
        super::wait(admission.delay).await;
        if let Some(merge) = admission.merge {
            self.archive.merge(&exchange, merge).await;
        }
        let entry = match admission.ruling {
            Ruling::Proceed => Entry::Proceed,
            Ruling::Fail(status) => Entry::Fail(status),
            Ruling::Answer(_) | Ruling::Reject(_) => Entry::Fail(Status::PROCESSING_FAILURE),
            Ruling::Silence => Entry::Silence,
            Ruling::Abort { source, reason } => return Err(self.abort(source, reason).await),
        };
        Ok((exchange, entry))
    }

    /// Sends A-ABORT and waits for the peer to close.
    pub(super) async fn abort(&mut self, source: u8, reason: u8) -> Ended {
        self.remark(format!(
            "aborted by the archive (source {source}, reason {reason})"
        ));
        self.seat = None;
        self.connection.abort(source, reason).await;
        Ended
    }

    async fn end(&mut self, manner: Manner) -> Ended {
        self.connection.switch().end(manner);
        if manner == Manner::Stall {
            self.connection.hold().await;
        }
        Ended
    }
}
