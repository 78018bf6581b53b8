//! What comes in on an association, and every way it can end there (PS3.8 9.2, state 6).

use std::future::Future;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use dicom_wire::dimse::pdv::{self, Event, P_DATA_TF, Place};
use dicom_wire::dimse::{Command, CommandSet, DataSet};

use super::super::connection::{Gone, RawPdu, kind};
use super::{Association, Ended};
use crate::moment::{Onward, Operation, Pdvs, Piece, UpperLayer};

/// PS3.8 9.3.8: the provider aborts because of a PDU type it does not know.
const UNRECOGNIZED_PDU: u8 = 1;
/// PS3.8 9.3.8: the provider aborts because of a PDU that may not come now.
const UNEXPECTED_PDU: u8 = 2;
/// PS3.8 9.3.8: the provider aborts because of a field that may not be there.
const UNEXPECTED_PARAMETER: u8 = 5;
/// PS3.8 9.3.8: the provider aborts because of a field with a wrong value.
const INVALID_PARAMETER: u8 = 6;

/// So many commands or pieces of data sets are kept that come while an operation runs; the rest waits in the network.
const MAX_EARLY: usize = 64;

impl Association {
    /// The next command, or the next piece of the data set of the one before. Every end of the association is dealt with here.
    pub(in crate::dimse) async fn next(&mut self) -> Result<Event, Ended> {
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
    pub(in crate::dimse) async fn next_command(
        &mut self,
    ) -> Result<(u8, CommandSet, DataSet), Ended> {
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
    pub(in crate::dimse) async fn skip_data_set(&mut self) -> Result<(), Ended> {
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
    pub(in crate::dimse) async fn collect(&mut self, limit: usize) -> Result<Option<Bytes>, Ended> {
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
    pub(in crate::dimse) async fn is_cancelled(&mut self, message_id: u16) -> Result<bool, Ended> {
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
        if pdu.kind == P_DATA_TF {
            self.pdus += 1;
            match self.opening.arrived(Piece::Pdu, self.pdus) {
                Onward::GoOn => {}
                Onward::End(manner) => return Err(self.end(manner).await),
                Onward::Abort(source, reason) => return Err(self.abort(source, reason).await),
            }
        }
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
