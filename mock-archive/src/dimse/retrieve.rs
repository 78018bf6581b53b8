//! What C-MOVE and C-GET share: a sub-operation for each instance, a pending response after each, and a final one (PS3.4 C.4.2, C.4.3).

mod progress;
mod sub_operation;
mod wanted;

use std::sync::Arc;

use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Command, Outcome, RetrieveResponse, Status, SubOperations};
use dicom_wire::uid::Uid;

use self::progress::Progress;
use self::wanted::Wanted;
use super::association::{Agreed, Association, Ended, Entry};
use super::negotiate::{Use, usage};
use super::{get, identifier, move_};
use crate::exchange::Exchange;
use crate::moment::{Next, Operation};
use crate::request::Service;
use crate::store::Stored;

pub(super) use self::sub_operation::{Route, SubOperation};

/// A request to retrieve.
pub(super) struct Retrieve {
    /// Its message ID.
    pub(super) message_id: u16,
    /// Its information model.
    pub(super) sop_class: Uid,
    /// How instances go out.
    pub(super) way: Way,
}

/// How instances go out.
pub(super) enum Way {
    /// On the association of the request: C-GET.
    Get(get::Way),
    /// On another, to a third party: C-MOVE.
    Move(Box<move_::Way>),
}

/// Answers with a pending response after each instance and a final one.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    mut request: Retrieve,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let wanted = received.and_then(|identifier| request.wanted(association, &agreed, &identifier));
    let (service, name) = request.way.named();
    let mut opened = association
        .request(service, name)
        .sop_class(request.sop_class.clone());
    if let Ok(wanted) = &wanted {
        opened = opened.level(wanted.level).scope(wanted.scope());
    }
    let (exchange, entry) = association.open(opened).await?;
    let wanted = wanted.and_then(|wanted| request.way.check(association).map(|()| wanted));
    let failed = |outcome: Outcome| (outcome, SubOperations::default(), None);
    let (outcome, sub_operations, data_set) = match (entry, wanted) {
        (Entry::Silence, _) => return Ok(()),
        (Entry::Fail(status), _) => failed(status.into()),
        (Entry::Proceed, Err(outcome)) => failed(outcome),
        (Entry::Proceed, Ok(wanted)) => {
            let instances = wanted.select(association.archive(), &exchange);
            let mut progress = Progress::of(instances.len());
            let archive = association.archive().clone();
            match &mut request.way {
                Way::Move(_) if association.does(Operation::MoveOnOwnAssociation) => {}
                Way::Move(way) => way.open(archive.policy(), &exchange, &instances).await,
                Way::Get(way) if association.does(Operation::GetOnNewAssociation) => {
                    way.turn(association, &exchange, &instances).await;
                }
                Way::Get(_) => {}
            }
            let outcome = request
                .run(association, &exchange, context, &instances, &mut progress)
                .await?;
            let trouble = request.way.close().await;
            let counts = match outcome.status {
                Status::CANCEL => progress.with_remaining(),
                _ => progress.without_remaining(),
            };
            let outcome = match trouble {
                Some(why) if outcome.comment.is_none() && outcome.status != Status::CANCEL => {
                    outcome.with_comment(why)
                }
                _ => outcome,
            };
            let failed = progress.failed_list(&agreed.transfer_syntax);
            (outcome, counts, failed)
        }
    };
    let last = request.response(sub_operations, outcome);
    association
        .respond(&exchange, context, last, data_set)
        .await
}

impl Retrieve {
    /// What the identifier asks for, if it may be asked on this context.
    fn wanted(
        &self,
        association: &Association,
        agreed: &Agreed,
        identifier: &InMemDicomObject,
    ) -> Result<Wanted, Outcome> {
        let root = match (&self.way, usage(&self.sop_class)) {
            (Way::Get(_), Some(Use::Get(root))) | (Way::Move(_), Some(Use::Move(root))) => root,
            _ => return Err(self.refusal(agreed)),
        };
        if self.sop_class != agreed.abstract_syntax {
            return Err(self.refusal(agreed));
        }
        let hierarchy = association.hierarchy(&self.sop_class);
        Wanted::read_as(identifier, root, hierarchy, association.operations())
    }

    fn refusal(&self, agreed: &Agreed) -> Outcome {
        let (_, name) = self.way.named();
        let comment = format!("no {name} on {}", agreed.abstract_syntax);
        Outcome::from(Status::CLASS_NOT_SUPPORTED).with_comment(comment)
    }

    /// Sends the instances; what it gives back is for the final response.
    async fn run(
        &mut self,
        association: &mut Association,
        exchange: &Exchange,
        context: u8,
        instances: &[Arc<Stored>],
        progress: &mut Progress,
    ) -> Result<Outcome, Ended> {
        for (number, stored) in instances.iter().enumerate() {
            if self.way.is_cancelled() || association.is_cancelled(self.message_id).await? {
                return Ok(Status::CANCEL.into());
            }
            let status = match &mut self.way {
                Way::Get(way) => way.send(association, exchange, stored, number).await?,
                Way::Move(_) if association.does(Operation::MoveOnOwnAssociation) => {
                    let route = Route::on(context);
                    match route.prepare(exchange, stored, number, None).await {
                        Ok(sub_operation) => {
                            association.send_instance(sub_operation).await?;
                            Status::SUCCESS
                        }
                        Err(status) => status,
                    }
                }
                Way::Move(way) => {
                    let originator = way.originator(association);
                    way.send(originator, exchange, stored, number).await
                }
            };
            progress.count(&stored.identity().instance, status);
            if exchange.sub_operation(stored, status) == Next::Stop {
                let outcome = Outcome::from(Status::CANNOT_UNDERSTAND);
                return Ok(outcome.with_comment("sub-operation failed"));
            }
            let pending = self.response(progress.with_remaining(), Status::PENDING.into());
            association
                .respond(exchange, context, pending, None)
                .await?;
        }
        Ok(progress.status().into())
    }

    fn response(&self, sub_operations: SubOperations, outcome: Outcome) -> Command {
        let response = RetrieveResponse {
            message_id: self.message_id,
            sop_class: Some(self.sop_class.clone()),
            sub_operations,
            outcome,
        };
        match &self.way {
            Way::Get(_) => Command::GetRsp(response),
            Way::Move(_) => Command::MoveRsp(response),
        }
    }
}

impl Way {
    fn named(&self) -> (Service, &'static str) {
        match self {
            Self::Get(_) => (Service::Retrieve, "C-GET"),
            Self::Move(_) => (Service::Move, "C-MOVE"),
        }
    }

    /// Whether it leads anywhere.
    fn check(&mut self, association: &Association) -> Result<(), Outcome> {
        match self {
            Self::Get(_) => Ok(()),
            Self::Move(way) => way.check(association),
        }
    }

    /// Whether a cancel came while an instance went out.
    fn is_cancelled(&self) -> bool {
        matches!(self, Self::Get(way) if way.is_cancelled())
    }

    /// Ends what was opened; what was wrong with it is for the final response.
    async fn close(&mut self) -> Option<String> {
        match self {
            Self::Get(way) => {
                way.close().await;
                None
            }
            Self::Move(way) => way.close().await,
        }
    }
}
