//! C-GET (PS3.7 9.1.3, PS3.4 C.4.3): instances come back on the association that asked for them.

use std::sync::Arc;

use dicom_wire::dimse::pdv::Event;
use dicom_wire::dimse::{
    Command, GetRequest, Outcome, Priority, RetrieveResponse, Status, StoreRequest, SubOperations,
};

use super::association::{Agreed, Association, Ended, Entry};
use super::negotiate::{Use, usage};
use super::payload::Payload;
use super::retrieve::{Progress, Wanted, route};
use super::{commitment, identifier};
use crate::exchange::Exchange;
use crate::moment::{Next, Operation};
use crate::request::Service;
use crate::store::Stored;

/// Answers with the instances, a pending response after each, and a final one.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: GetRequest,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let wanted = received.and_then(|identifier| match usage(&request.sop_class) {
        Some(Use::Get(root)) if request.sop_class == agreed.abstract_syntax => {
            let hierarchy = association.hierarchy(&request.sop_class);
            Wanted::read(&identifier, root, hierarchy)
        }
        _ => Err(Outcome::from(Status::CLASS_NOT_SUPPORTED)
            .with_comment(format!("no C-GET on {}", agreed.abstract_syntax))),
    });
    let mut opened = association
        .request(Service::Retrieve, "C-GET")
        .sop_class(request.sop_class.clone());
    if let Ok(wanted) = &wanted {
        opened = opened.level(wanted.level).scope(wanted.scope());
    }
    let (exchange, entry) = association.open(opened).await?;
    let failed = |outcome: Outcome| (outcome, SubOperations::default(), None);
    let (outcome, sub_operations, data_set) = match (entry, wanted) {
        (Entry::Silence, _) => return Ok(()),
        (Entry::Fail(status), _) => failed(status.into()),
        (_, Err(outcome)) => failed(outcome),
        (Entry::Proceed, Ok(wanted)) => {
            let instances = wanted.select(association.archive(), &exchange);
            let mut progress = Progress::of(instances.len());
            let outcome = run(
                association,
                &exchange,
                &agreed,
                &request,
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
        .respond(&exchange, context, Command::GetRsp(last), data_set)
        .await
}

/// Sends the instances; what it gives back is for the final response.
async fn run(
    association: &mut Association,
    exchange: &Exchange,
    agreed: &Agreed,
    request: &GetRequest,
    instances: &[Arc<Stored>],
    progress: &mut Progress,
) -> Result<Outcome, Ended> {
    let mut is_cancelled = false;
    for (number, stored) in instances.iter().enumerate() {
        if is_cancelled || association.is_cancelled(request.message_id).await? {
            return Ok(Status::CANCEL.into());
        }
        let status = sub_operation(
            association,
            exchange,
            stored,
            number,
            request.message_id,
            &mut is_cancelled,
        )
        .await?;
        progress.count(&stored.identity().instance, status);
        if exchange.sub_operation(stored, status) == Next::Stop {
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
            .respond(exchange, agreed.id, Command::GetRsp(pending), None)
            .await?;
    }
    Ok(progress.status().into())
}

/// Sends one instance and waits for the requester's status, minding a C-CANCEL that comes first.
async fn sub_operation(
    association: &mut Association,
    exchange: &Exchange,
    stored: &Arc<Stored>,
    number: usize,
    get: u16,
    is_cancelled: &mut bool,
) -> Result<Status, Ended> {
    let (class, instance) = (&stored.identity().sop_class, &stored.identity().instance);
    let usable = association
        .contexts()
        .filter(|context| association.peer_is_scp(&context.abstract_syntax));
    let Some((context, syntax)) = route(exchange, stored, usable) else {
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
    let message_id = number as u16 + 1;
    let request = StoreRequest {
        message_id,
        sop_class: class.clone(),
        sop_instance: instance.clone(),
        priority: Priority::Medium,
        originator: None,
    };
    association
        .send_instance(context.id, request, payload)
        .await?;
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
                *is_cancelled |= cancel.message_id_responded_to == get
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
