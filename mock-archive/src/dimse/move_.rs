//! C-MOVE (PS3.7 9.1.4, PS3.4 C.4.2): instances go to a third party over an association of their own.

use std::sync::Arc;

use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{Originator, Outcome, Status};

use super::association::Association;
use super::retrieve::Route;
use super::user::{Collision, User};
use crate::exchange::Exchange;
use crate::moment::Operation;
use crate::policy::{Destination, Policy};
use crate::store::Stored;

/// The way to a destination.
pub(super) struct Way {
    message_id: u16,
    title: AeTitle,
    destination: Option<Destination>,
    user: Option<User>,
    collision: Collision,
    trouble: Option<String>,
}

impl Way {
    /// For the C-MOVE of this message ID to the destination of this title.
    pub(super) const fn of(message_id: u16, title: AeTitle) -> Self {
        Self {
            message_id,
            title,
            destination: None,
            user: None,
            collision: Collision::Settled,
            trouble: None,
        }
    }

    /// Looks the destination up.
    pub(super) fn check(&mut self, association: &Association) -> Result<(), Outcome> {
        if association.does(Operation::CollisionHangs) {
            self.collision = Collision::Hangs;
        }
        let known = &association.archive().policy().destinations;
        self.destination = known.get(&self.title).cloned();
        match self.destination {
            Some(_) => Ok(()),
            None => Err(Outcome::from(Status::UNKNOWN_DESTINATION)
                .with_comment(format!("{} is not known", self.title))),
        }
    }

    /// Opens the association, if there is something to send on it.
    pub(super) async fn open(
        &mut self,
        policy: &Policy,
        exchange: &Exchange,
        instances: &[Arc<Stored>],
    ) {
        let Some(destination) = self.destination.as_ref().filter(|_| !instances.is_empty()) else {
            return;
        };
        let asked = match exchange.destination_refuses() {
            Some(why) => Err(why),
            None => User::associate(destination, policy, &self.title, instances).await,
        };
        match asked {
            Ok(user) => self.user = Some(user),
            Err(why) => {
                exchange.remark(format!("no association with {}: {why}", self.title));
                self.trouble = Some(why);
            }
        }
    }

    /// Who asked for what goes out (PS3.7 9.3.1.1).
    pub(super) fn originator(&self, association: &Association) -> Option<Originator> {
        (!association.does(Operation::NoOriginator)).then(|| Originator {
            ae_title: association.calling().clone(),
            message_id: self.message_id,
        })
    }

    /// Sends one instance. Where there is no association any more, nothing goes out.
    pub(super) async fn send(
        &mut self,
        originator: Option<Originator>,
        exchange: &Exchange,
        stored: &Arc<Stored>,
        number: usize,
    ) -> Status {
        let Some(user) = &mut self.user else {
            return Status::CANNOT_PERFORM_SUB_OPERATIONS;
        };
        let route = match Route::find(exchange, stored, user.contexts()) {
            Ok(route) => route,
            Err(status) => return status,
        };
        let sub_operation = match route.prepare(exchange, stored, number, originator).await {
            Ok(sub_operation) => sub_operation,
            Err(status) => return status,
        };
        user.store(sub_operation).await.unwrap_or_else(|why| {
            exchange.remark(format!("association with {} ended: {why}", self.title));
            self.trouble = Some(why);
            self.user = None;
            Status::CANNOT_PERFORM_SUB_OPERATIONS
        })
    }

    /// Releases the association; tells what was wrong with it.
    pub(super) async fn close(&mut self) -> Option<String> {
        if let Some(user) = self.user.take() {
            user.release(self.collision).await;
        }
        let why = self.trouble.take()?;
        Some(format!("{}: {why}", self.title))
    }
}
