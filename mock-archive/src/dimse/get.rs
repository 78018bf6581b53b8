//! C-GET (PS3.7 9.1.3, PS3.4 C.4.3): instances come back on the association that asked for them.

use std::sync::Arc;

use dicom_wire::dimse::pdv::Event;
use dicom_wire::dimse::{Command, Status};

use super::association::{Association, Ended};
use super::retrieve::Route;
use super::{commitment, move_};
use crate::exchange::Exchange;
use crate::moment::Operation;
use crate::store::Stored;

/// The way back to who asks.
pub(super) struct Way {
    message_id: u16,
    is_cancelled: bool,
    /// Where the instances go in place of the association.
    detour: Option<Box<move_::Way>>,
}

impl Way {
    /// For the C-GET of this message ID.
    pub(super) const fn of(message_id: u16) -> Self {
        Self {
            message_id,
            is_cancelled: false,
            detour: None,
        }
    }

    /// Has the instances go to where the requester's AE title is known to listen, if it is; nothing of them is seen on the association.
    pub(super) async fn turn(
        &mut self,
        association: &Association,
        exchange: &Exchange,
        instances: &[Arc<Stored>],
    ) {
        let mut way = move_::Way::of(self.message_id, association.calling().clone());
        if way.check(association).is_ok() {
            way.open(association.archive().policy(), exchange, instances)
                .await;
        }
        self.detour = Some(Box::new(way));
    }

    /// Ends what was opened.
    pub(super) async fn close(&mut self) {
        if let Some(mut way) = self.detour.take() {
            // Nothing of it is said on the association.
            let _ = way.close().await;
        }
    }

    /// Whether its cancel came while an instance went out.
    pub(super) const fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// Sends one instance and waits for the requester's status, minding a C-CANCEL that comes first.
    pub(super) async fn send(
        &mut self,
        association: &mut Association,
        exchange: &Exchange,
        stored: &Arc<Stored>,
        number: usize,
    ) -> Result<Status, Ended> {
        if let Some(detour) = &mut self.detour {
            return Ok(detour.send(None, exchange, stored, number).await);
        }
        let usable = association
            .contexts()
            .filter(|context| association.peer_is_scp(&context.abstract_syntax));
        let route = match Route::find(exchange, stored, usable) {
            Ok(route) => route,
            Err(status) => return Ok(status),
        };
        let sub_operation = match route.prepare(exchange, stored, number, None).await {
            Ok(sub_operation) => sub_operation,
            Err(status) => return Ok(status),
        };
        let message_id = sub_operation.request.message_id;
        association.send_instance(sub_operation).await?;
        loop {
            let Event::Command { set, .. } = association.next().await? else {
                continue;
            };
            match Command::from_set(&set) {
                Ok(Command::StoreRsp(response)) if response.message_id == message_id => {
                    return Ok(response.outcome.status);
                }
                Ok(Command::NRsp(response)) => commitment::answered(association, &response).await?,
                Ok(Command::CancelRq(cancel)) => {
                    self.is_cancelled |= cancel.message_id_responded_to == self.message_id
                        && !association.does(Operation::CancelIgnored);
                }
                Ok(other) => {
                    association.remark(format!(
                        "{} while a C-STORE of a C-GET waits for its answer",
                        other.name()
                    ));
                    return Err(association.abort(0, 0).await);
                }
                Err(error) => {
                    association.remark(format!("malformed command: {error}"));
                    return Err(association.abort(0, 0).await);
                }
            }
        }
    }
}
