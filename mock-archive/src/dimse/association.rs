//! An association that was accepted: its messages in and out, and every way it can end (PS3.8 9.2, state 6).

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use dicom_ul::pdu::RequestorRoles;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{self, Assembler, Event, P_DATA_TF, Pdv, Place};
use dicom_wire::dimse::{Command, CommandSet, DataSet, Message, Status, StoreRequest, element};
use dicom_wire::uid::Uid;

use super::commitment::Report;
use super::connection::{Connection, Gone, RawPdu, kind};
use super::identifier::Hierarchy;
use super::negotiate::{Extended, Use, usage};
use super::payload::{self, Payload};
use crate::archive::{Archive, Seat};
use crate::exchange::Exchange;
use crate::moment::{Cut, Habits, Manner, Operation, Pdvs, Ruling, UpperLayer};
use crate::policy::Extension;
use crate::recording::Player;
use crate::request::{Request, Service};

/// PS3.8 9.3.8: the provider aborts because of a PDU type it does not know.
const UNRECOGNIZED_PDU: u8 = 1;
/// PS3.8 9.3.8: the provider aborts because of a PDU that may not come now.
const UNEXPECTED_PDU: u8 = 2;
/// PS3.8 9.3.8: the provider aborts because of a field that may not be there.
const UNEXPECTED_PARAMETER: u8 = 5;
/// PS3.8 9.3.8: the provider aborts because of a field with a wrong value.
const INVALID_PARAMETER: u8 = 6;

/// Where the value of the group length (0000,0000) is in the first PDU of a message.
const GROUP_LENGTH: std::ops::Range<usize> = 20..24;

/// So many commands or pieces of data sets are kept that come while an operation runs; the rest waits in the network.
const MAX_EARLY: usize = 64;

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
        let admission = exchange.admit();
        super::wait(admission.delay).await;
        let entry = match admission.ruling {
            Ruling::Proceed => Entry::Proceed,
            Ruling::Fail(status) => Entry::Fail(status),
            Ruling::Answer(_) | Ruling::Reject(_) => Entry::Fail(Status::PROCESSING_FAILURE),
            Ruling::Silence => Entry::Silence,
            Ruling::Abort { source, reason } => return Err(self.abort(source, reason).await),
        };
        Ok((exchange, entry))
    }

    /// The next command, or the next piece of the data set of the one before. Every end of the association is dealt with here.
    pub(super) async fn next(&mut self) -> Result<Event, Ended> {
        loop {
            if let Some(event) = self.early.pop_front() {
                return Ok(event);
            }
            if let Some(event) = self.assembled().await? {
                return Ok(event);
            }
            let read = self
                .connection
                .read_within(self.connection.patience().idle)
                .await;
            self.received(read).await?;
        }
    }

    /// The next command, read to the end of what belongs to the one before. Data sets nobody asked for are passed over.
    pub(super) async fn next_command(&mut self) -> Result<(u8, CommandSet, DataSet), Ended> {
        loop {
            if let Event::Command {
                context,
                set,
                data_set,
            } = self.next().await?
            {
                return Ok((context, set, data_set));
            }
        }
    }

    /// Reads a data set to its end and drops it.
    pub(super) async fn skip_data_set(&mut self) -> Result<(), Ended> {
        while !matches!(
            self.next().await?,
            Event::Data {
                place: Place::Last,
                ..
            }
        ) {}
        Ok(())
    }

    /// Reads a data set to its end. `None` if it is longer than the limit.
    pub(super) async fn collect(&mut self, limit: usize) -> Result<Option<Bytes>, Ended> {
        let mut collected = BytesMut::new();
        let mut is_too_long = false;
        loop {
            let Event::Data { bytes, place } = self.next().await? else {
                return Ok(None);
            };
            is_too_long |= collected.len() + bytes.len() > limit;
            if !is_too_long {
                collected.extend_from_slice(&bytes);
            }
            if place == Place::Last {
                return Ok((!is_too_long).then(|| collected.freeze()));
            }
        }
    }

    /// Whether a C-CANCEL for this message has come. Waits for nothing; what else has come is kept for [`Self::next`].
    pub(super) async fn is_cancelled(&mut self, message_id: u16) -> Result<bool, Ended> {
        // Lets the runtime look at the network even if there is always something to send.
        tokio::task::yield_now().await;
        loop {
            while let Some(event) = self.assembled().await? {
                if let Event::Command { set, .. } = &event
                    && let Ok(Command::CancelRq(cancel)) = Command::from_set(set)
                {
                    if cancel.message_id_responded_to == message_id
                        && !self.does(Operation::CancelIgnored)
                    {
                        return Ok(true);
                    }
                } else {
                    self.early.push_back(event);
                }
            }
            if self.early.len() >= MAX_EARLY {
                return Ok(false);
            }
            let Some(read) = now(self.connection.read()).await else {
                return Ok(false);
            };
            self.received(read).await?;
        }
    }

    /// Sends a response, as its `send` moment says.
    pub(super) async fn respond(
        &mut self,
        exchange: &Exchange,
        context: u8,
        command: impl Into<Command>,
        data_set: Option<Bytes>,
    ) -> Result<(), Ended> {
        let command = command.into();
        let present = if data_set.is_some() {
            DataSet::Present
        } else {
            DataSet::Absent
        };
        let set = command.to_set(present);
        self.respond_set(exchange, context, set, data_set).await
    }

    /// Sends a response whose command set is given, as its `send` moment says.
    pub(super) async fn respond_set(
        &mut self,
        exchange: &Exchange,
        context: u8,
        mut set: CommandSet,
        mut data_set: Option<Bytes>,
    ) -> Result<(), Ended> {
        let had_data_set = data_set.is_some();
        let delivery = exchange.respond(&mut set, &mut data_set, self.pending_sent);
        self.pending_sent += 1;
        super::wait(delivery.delay).await;
        if let Some((source, reason)) = delivery.abort {
            return Err(self.abort(source, reason).await);
        }
        if delivery.withheld {
            return Ok(());
        }
        if data_set.is_some() != had_data_set {
            let follows = if had_data_set { 0x0101 } else { 0x0001 };
            set.put_number(element::DATA_SET_TYPE, follows);
        }
        let length = data_set.as_ref().map_or(0, Bytes::len);
        let message = Message {
            context,
            command: set,
            data_set,
        };
        let mut pdus = BytesMut::from(message.to_pdus(self.max_length));
        if delivery.group_length_off_by != 0
            && let Some(length) = pdus
                .get_mut(GROUP_LENGTH)
                .and_then(|bytes| bytes.first_chunk_mut::<4>())
        {
            let wrong =
                u32::from_le_bytes(*length).wrapping_add_signed(delivery.group_length_off_by);
            *length = wrong.to_le_bytes();
        }
        if let Some(Cut { after, manner }) = delivery.cut
            && self.data_sent + length as u64 >= after
        {
            // What is missing at the end: the bytes of the data set that may not go out, or all of a response that has none.
            let missing = if length == 0 {
                pdus.len() as u64
            } else {
                self.data_sent + length as u64 - after
            };
            pdus.truncate(
                pdus.len()
                    - usize::try_from(missing)
                        .unwrap_or(usize::MAX)
                        .min(pdus.len()),
            );
            self.write(&pdus, delivery.bytes_per_second).await?;
            return Err(self.end(manner).await);
        }
        self.data_sent += length as u64;
        self.write(&pdus, delivery.bytes_per_second).await
    }

    /// Sends a response that no exchange stands behind.
    pub(super) async fn send(&mut self, pdus: &[u8]) -> Result<(), Ended> {
        self.write(pdus, None).await
    }

    /// Sends the C-STORE request of a C-GET.
    pub(super) async fn send_instance(
        &mut self,
        context: u8,
        request: StoreRequest,
        payload: Payload,
    ) -> Result<(), Ended> {
        let sent = payload::send(
            &mut self.connection,
            context,
            request,
            payload,
            self.max_length,
        )
        .await;
        sent.map_err(|gone| {
            self.remark(format!("instance could not be sent: {gone}"));
            Ended
        })
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

    async fn write(&mut self, pdus: &[u8], per_second: Option<u64>) -> Result<(), Ended> {
        let written = match per_second {
            None => self.connection.write(pdus).await,
            Some(per_second) => self.connection.write_slowly(pdus, per_second).await,
        };
        written.map_err(|gone| {
            self.remark(format!("response could not be sent: {gone}"));
            Ended
        })
    }

    /// What the values at hand make; `None` if more have to be read.
    async fn assembled(&mut self) -> Result<Option<Event>, Ended> {
        while let Some(mut value) = self.values.pop_front() {
            let first = self.contexts.keys().next().copied();
            if let Some(first) = first.filter(|_| self.connection.does(UpperLayer::AnyContext))
                && !self.contexts.contains_key(&value.context)
            {
                value.context = first;
            }
            if !self.contexts.contains_key(&value.context) {
                self.remark(format!(
                    "PDV on context {}, which was not negotiated",
                    value.context
                ));
                return Err(self.abort(2, INVALID_PARAMETER).await);
            }
            if self.opening.dialect().pdvs == Pdvs::One && value.place == Place::Inner {
                self.remark("message in more than one PDV");
                return Err(self.abort(2, UNEXPECTED_PARAMETER).await);
            }
            match self.assembler.push(value) {
                Ok(None) => {}
                Ok(event) => return Ok(event),
                Err(error) => {
                    self.remark(error.to_string());
                    return Err(self.abort(2, INVALID_PARAMETER).await);
                }
            }
        }
        Ok(None)
    }

    /// Deals with one PDU of an established association (PS3.8 table 9-10, state 6), or with its absence.
    async fn received(&mut self, read: Result<RawPdu, Gone>) -> Result<(), Ended> {
        let pdu = match read {
            Ok(pdu) => pdu,
            Err(gone) => {
                self.remark(gone.to_string());
                return Err(match gone {
                    Gone::Closed | Gone::Broken(_) => Ended,
                    Gone::TooLong { .. } if self.connection.does(UpperLayer::OversizeDropped) => {
                        self.connection.hold().await;
                        Ended
                    }
                    Gone::TooLong { .. } => self.abort(2, INVALID_PARAMETER).await,
                    Gone::Idle(_) => self.abort(2, 0).await,
                });
            }
        };
        match pdu.kind {
            P_DATA_TF => match pdv::read_body(pdu.body()) {
                Ok(mut values) => {
                    if self.connection.does(UpperLayer::OneValue) {
                        values.truncate(1);
                    }
                    self.values.extend(values);
                    Ok(())
                }
                Err(_) if self.connection.does(UpperLayer::LengthsBelieved) => {
                    self.connection.hold().await;
                    Err(Ended)
                }
                Err(error) => {
                    self.remark(error.to_string());
                    Err(self.abort(2, INVALID_PARAMETER).await)
                }
            },
            kind::RELEASE_RQ => {
                if self.assembler.is_inside_message() {
                    self.remark("released inside a message");
                }
                self.seat = None;
                if self.connection.does(UpperLayer::ReleaseCloses) {
                    return Err(Ended);
                }
                if self
                    .connection
                    .write(&[kind::RELEASE_RP, 0, 0, 0, 0, 4, 0, 0, 0, 0])
                    .await
                    .is_ok()
                {
                    self.connection.linger().await;
                }
                Err(Ended)
            }
            kind::ABORT => {
                self.remark("aborted by the peer");
                Err(Ended)
            }
            kind::ASSOCIATE_RQ if self.connection.does(UpperLayer::SecondRequestAccepted) => {
                let acceptance = self.acceptance.clone();
                self.write(&acceptance, None).await
            }
            kind::ASSOCIATE_RQ | kind::ASSOCIATE_AC | kind::ASSOCIATE_RJ | kind::RELEASE_RP => {
                self.remark(format!("unexpected PDU of type {:02X}H", pdu.kind));
                Err(self.abort(2, UNEXPECTED_PDU).await)
            }
            _ if self.connection.does(UpperLayer::UnknownPduIgnored) => Ok(()),
            unknown => {
                self.remark(format!("unknown PDU of type {unknown:02X}H"));
                Err(self.abort(2, UNRECOGNIZED_PDU).await)
            }
        }
    }
}

/// What a future gives if it is ready at once; dropped if it is not.
async fn now<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
