//! What goes out on an association, as moments say.

use bytes::{Bytes, BytesMut};
use dicom_wire::dimse::{Command, CommandSet, DataSet, Message, element};

use super::super::payload;
use super::super::reshape::reshape;
use super::super::retrieve::SubOperation;
use super::{Association, Ended};
use crate::exchange::Exchange;
use crate::moment::{Cut, Manner, PduForm};

/// Where the value of the group length (0000,0000) is in the first PDU of a message.
const GROUP_LENGTH: std::ops::Range<usize> = 20..24;

impl Association {
    /// Sends a response, as its `send` moment says.
    pub(in crate::dimse) async fn respond(
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
    pub(in crate::dimse) async fn respond_set(
        &mut self,
        exchange: &Exchange,
        context: u8,
        mut set: CommandSet,
        mut data_set: Option<Bytes>,
    ) -> Result<(), Ended> {
        if self.is_answered {
            return Ok(());
        }
        let had_data_set = data_set.is_some();
        let delivery = exchange.respond(&mut set, &mut data_set, self.pending_sent);
        self.pending_sent += 1;
        super::super::wait(delivery.delay).await;
        if let Some((source, reason)) = delivery.abort {
            return Err(self.abort(source, reason).await);
        }
        self.is_answered = delivery.last;
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
        if delivery.pdus != PduForm::Usual {
            pdus = reshape(&pdus, delivery.pdus, self.max_length);
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
        self.write(&pdus, delivery.bytes_per_second).await?;
        match delivery.pdus {
            PduForm::Truncated => Err(self.end(Manner::Close).await),
            _ => Ok(()),
        }
    }

    /// Sends a response that no exchange stands behind.
    pub(in crate::dimse) async fn send(&mut self, pdus: &[u8]) -> Result<(), Ended> {
        self.write(pdus, None).await
    }

    /// Sends the C-STORE request of a C-GET.
    pub(in crate::dimse) async fn send_instance(
        &mut self,
        sub_operation: SubOperation,
    ) -> Result<(), Ended> {
        let sent = payload::send(&mut self.connection, sub_operation, self.max_length).await;
        sent.map_err(|gone| {
            self.remark(format!("instance could not be sent: {gone}"));
            Ended
        })
    }

    pub(super) async fn write(
        &mut self,
        pdus: &[u8],
        per_second: Option<u64>,
    ) -> Result<(), Ended> {
        let written = match per_second {
            None => self.connection.write(pdus).await,
            Some(per_second) => self.connection.write_slowly(pdus, per_second).await,
        };
        written.map_err(|gone| {
            self.remark(format!("response could not be sent: {gone}"));
            Ended
        })
    }
}
