//! C-MOVE (PS3.7 9.1.4, PS3.4 C.4.2): instances go to a third party over an association of their own.

use std::sync::Arc;

use dicom_wire::dimse::{
    MoveRequest, Originator, Outcome, Priority, RetrieveResponse, Status, StoreRequest,
    SubOperations,
};

use super::association::{Agreed, Association, Ended, Entry};
use super::identifier;
use super::negotiate::{Use, usage};
use super::payload::Payload;
use super::retrieve::{Progress, Wanted, route};
use super::user::User;
use crate::exchange::Exchange;
use crate::moment::{Next, Operation};
use crate::request::Service;
use crate::store::Stored;

/// Answers with a pending response after each instance and a final one.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: MoveRequest,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let wanted = received.and_then(|identifier| match usage(&request.sop_class) {
        Some(Use::Move(root)) if request.sop_class == agreed.abstract_syntax => {
            let hierarchy = association.hierarchy(&request.sop_class);
            Wanted::read(&identifier, root, hierarchy)
        }
        _ => Err(Outcome::from(Status::CLASS_NOT_SUPPORTED)
            .with_comment(format!("no C-MOVE on {}", agreed.abstract_syntax))),
    });
    let mut opened = association
        .request(Service::Move, "C-MOVE")
        .sop_class(request.sop_class.clone());
    if let Ok(wanted) = &wanted {
        opened = opened.level(wanted.level).scope(wanted.scope());
    }
    let (exchange, entry) = association.open(opened).await?;
    let known = association
        .archive()
        .policy()
        .destinations
        .get(&request.destination)
        .cloned();
    let failed = |outcome: Outcome| (outcome, SubOperations::default(), None);
    let (outcome, sub_operations, data_set) = match (entry, wanted, known) {
        (Entry::Silence, ..) => return Ok(()),
        (Entry::Fail(status), ..) => failed(status.into()),
        (_, Err(outcome), _) => failed(outcome),
        (_, _, None) => failed(
            Outcome::from(Status::UNKNOWN_DESTINATION)
                .with_comment(format!("{} is not known", request.destination)),
        ),
        (Entry::Proceed, Ok(wanted), Some(address)) => {
            let instances = wanted.select(association.archive(), &exchange);
            let mut progress = Progress::of(instances.len());
            let outcome = run(
                association,
                &exchange,
                &agreed,
                &request,
                &address,
                &instances,
                &mut progress,
            )
            .await?;
            let counts = match outcome.status {
                Status::CANCEL => progress.with_remaining(),
                _ => progress.without_remaining(),
            };
            (
                outcome,
                counts,
                progress.failed_list(&agreed.transfer_syntax),
            )
        }
    };
    let last = RetrieveResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class),
        sub_operations,
        outcome,
    };
    association
        .respond(
            &exchange,
            context,
            dicom_wire::dimse::Command::MoveRsp(last),
            data_set,
        )
        .await
}

/// Sends the instances; what it gives back is for the final response.
async fn run(
    association: &mut Association,
    exchange: &Exchange,
    agreed: &Agreed,
    request: &MoveRequest,
    address: &str,
    instances: &[Arc<Stored>],
    progress: &mut Progress,
) -> Result<Outcome, Ended> {
    if instances.is_empty() {
        return Ok(Status::SUCCESS.into());
    }
    let archive = association.archive().clone();
    let mut trouble = None;
    let mut user =
        match User::associate(address, archive.policy(), &request.destination, instances).await {
            Ok(user) => Some(user),
            Err(why) => {
                exchange.remark(format!(
                    "no association with {}: {why}",
                    request.destination
                ));
                trouble = Some(why);
                None
            }
        };
    for (number, stored) in instances.iter().enumerate() {
        if association.is_cancelled(request.message_id).await? {
            release(user).await;
            return Ok(Status::CANCEL.into());
        }
        let originator = (!association.does(Operation::NoOriginator)).then(|| Originator {
            ae_title: association.calling().clone(),
            message_id: request.message_id,
        });
        let status = match &mut user {
            None => Status::CANNOT_PERFORM_SUB_OPERATIONS,
            Some(open) => match sub_operation(open, exchange, stored, number, originator).await {
                Ok(status) => status,
                Err(why) => {
                    exchange.remark(format!(
                        "association with {} ended: {why}",
                        request.destination
                    ));
                    trouble = Some(why);
                    user = None;
                    Status::CANNOT_PERFORM_SUB_OPERATIONS
                }
            },
        };
        progress.count(&stored.identity().instance, status);
        if exchange.sub_operation(stored, status) == Next::Stop {
            release(user).await;
            return Ok(
                Outcome::from(Status::CANNOT_UNDERSTAND).with_comment("sub-operation failed")
            );
        }
        let pending = RetrieveResponse {
            message_id: request.message_id,
            sop_class: Some(request.sop_class.clone()),
            sub_operations: progress.with_remaining(),
            outcome: Status::PENDING.into(),
        };
        association
            .respond(
                exchange,
                agreed.id,
                dicom_wire::dimse::Command::MoveRsp(pending),
                None,
            )
            .await?;
    }
    release(user).await;
    let outcome = Outcome::from(progress.status());
    Ok(match trouble {
        Some(why) => outcome.with_comment(format!("{}: {why}", request.destination)),
        None => outcome,
    })
}

/// Sends one instance. `Err` if the association broke; an instance that no context fits fails alone.
async fn sub_operation(
    user: &mut User,
    exchange: &Exchange,
    stored: &Arc<Stored>,
    number: usize,
    originator: Option<Originator>,
) -> Result<Status, String> {
    let instance = &stored.identity().instance;
    let Some((context, syntax)) = route(exchange, stored, user.contexts()) else {
        exchange.remark(format!("no context for {instance}"));
        return Ok(Status::CLASS_NOT_SUPPORTED);
    };
    let payload = match Payload::of(stored, &syntax).await {
        Ok(payload) => payload,
        Err(why) => {
            exchange.remark(format!("{instance}: {why}"));
            return Ok(Status::PROCESSING_FAILURE);
        }
    };
    let request = StoreRequest {
        message_id: number as u16 + 1,
        sop_class: stored.identity().sop_class.clone(),
        sop_instance: instance.clone(),
        priority: Priority::Medium,
        originator,
    };
    user.store(context.id, request, payload).await
}

async fn release(user: Option<User>) {
    if let Some(user) = user {
        user.release().await;
    }
}
