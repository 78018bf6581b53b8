//! The DIMSE edge: associations in, operations to the one [`Archive`], responses out (PS3.7, PS3.8).
//!
//! [`association`] is the upper layer and the loop of messages; each operation has a file of its own. None of them knows
//! of faults: they pass the moments of their [`Exchange`](crate::exchange::Exchange) and do what they are told.

mod association;
mod commitment;
mod connection;
mod echo;
mod establish;
mod find;
mod get;
mod identifier;
mod move_;
mod negotiate;
mod payload;
mod replay;
mod reshape;
mod retrieve;
mod search;
mod store;
mod user;
mod worklist;

use std::sync::Arc;
use std::time::Duration;

use dicom_wire::dimse::{Command, CommandSet, DataSet, NResponse, NService, Status, element};

use self::association::{Association, Ended, Entry};
use self::negotiate::Use;
use self::retrieve::{Retrieve, Way};
use self::search::Model;
use crate::archive::Archive;
use crate::moment::{Connect, Operation};
use crate::recording::Player;
use crate::request::Service;
use crate::tls::Stream;

/// Serves one connection until its association is over. Dropping it ends the connection.
pub(crate) async fn serve(
    stream: Stream,
    archive: Archive,
    connect: &Connect,
    player: Option<Arc<Player>>,
) {
    if let Some(association) = Association::accept(stream, archive, connect, player).await {
        converse(association).await;
    }
}

/// Answers commands until the association ends; what is then still to be reported goes out on another.
async fn converse(mut association: Association) {
    while let Ok((context, set, data_set)) = association.next_command().await {
        if answer(&mut association, context, set, data_set)
            .await
            .is_err()
        {
            break;
        }
    }
    if association.does(Operation::ReportsHereOnly) {
        return;
    }
    let (archive, requester, reports) = association.into_reports();
    commitment::deliver(&archive, &requester, reports).await;
}

async fn answer(
    association: &mut Association,
    context: u8,
    set: CommandSet,
    data_set: DataSet,
) -> Result<(), Ended> {
    if let Some(player) = association.player() {
        return replay::answer(association, &player, context, set, data_set).await;
    }
    let command = Command::from_set(&set);
    let wants_data_set = matches!(
        command,
        Ok(Command::StoreRq(_) | Command::FindRq(_) | Command::GetRq(_) | Command::MoveRq(_))
    );
    match (command, data_set) {
        (Ok(command), DataSet::Absent) if wants_data_set => {
            association.remark(format!("{} without a data set", command.name()));
            refuse(
                association,
                context,
                &set,
                Status::MISTYPED_ARGUMENT,
                "a data set is missing",
            )
            .await
        }
        (Ok(Command::StoreRq(request)), _) => store::answer(association, context, request).await,
        (Ok(Command::FindRq(request)), _) => {
            let model = match association.usage_of(context) {
                Some(Use::Worklist) => Model::Worklist,
                _ => Model::QueryRetrieve,
            };
            search::answer(association, context, request, model).await
        }
        (Ok(Command::MoveRq(request)), _) => {
            let way = move_::Way::of(request.message_id, request.destination);
            let request = Retrieve {
                message_id: request.message_id,
                sop_class: request.sop_class,
                way: Way::Move(Box::new(way)),
            };
            retrieve::answer(association, context, request).await
        }
        (Ok(Command::GetRq(request)), _) => {
            let request = Retrieve {
                message_id: request.message_id,
                sop_class: request.sop_class,
                way: Way::Get(get::Way::of(request.message_id)),
            };
            retrieve::answer(association, context, request).await
        }
        (Ok(Command::NRq(request)), data_set)
            if request.service == NService::Action
                && association.usage_of(context) == Some(Use::Commitment) =>
        {
            commitment::answer(association, context, request, data_set).await
        }
        (command, data_set) => {
            if data_set == DataSet::Present {
                association.skip_data_set().await?;
            }
            match command {
                Ok(Command::EchoRq(request)) => echo::answer(association, context, request).await,
                // The operation ended before its cancel came (PS3.7 9.3.2.3).
                Ok(Command::CancelRq(_)) if association.does(Operation::LateCancelAborts) => {
                    Err(association.abort(2, 0).await)
                }
                Ok(Command::CancelRq(_)) => Ok(()),
                Ok(Command::NRq(request)) => {
                    let response = NResponse {
                        service: request.service,
                        message_id: request.message_id,
                        sop_class: Some(request.sop_class),
                        sop_instance: request.sop_instance,
                        type_id: request.type_id,
                        outcome: Status::UNRECOGNIZED_OPERATION.into(),
                    };
                    let opened =
                        association.request(Service::Other, Command::from(response.clone()).name());
                    match association.open(opened).await? {
                        (_, Entry::Silence) => Ok(()),
                        (exchange, _) => {
                            association
                                .respond(&exchange, context, response, None)
                                .await
                        }
                    }
                }
                Ok(Command::NRsp(response)) if response.service == NService::EventReport => {
                    commitment::answered(association, &response).await
                }
                Ok(response) => {
                    association.remark(format!("{} without a request", response.name()));
                    Err(association.abort(0, 0).await)
                }
                Err(error) => {
                    association.remark(format!("malformed command: {error}"));
                    let is_known = !matches!(error, dicom_wire::dimse::CommandError::Field(_));
                    let status = if is_known {
                        Status::MISTYPED_ARGUMENT
                    } else {
                        Status::UNRECOGNIZED_OPERATION
                    };
                    refuse(association, context, &set, status, &error.to_string()).await
                }
            }
        }
    }
}

/// Answers a request that is no command the archive can read: what makes a response is copied, the rest left out.
async fn refuse(
    association: &mut Association,
    context: u8,
    set: &CommandSet,
    status: Status,
    why: &str,
) -> Result<(), Ended> {
    let field = set
        .number(element::COMMAND_FIELD)
        .ok()
        .flatten()
        .filter(|field| field & 0x8000 == 0);
    let message_id = set.number(element::MESSAGE_ID).ok().flatten();
    let (Some(field), Some(message_id)) = (field, message_id) else {
        return Err(association.abort(0, 0).await);
    };
    let mut response = CommandSet::default();
    if let Ok(Some(class)) = set.uid(element::AFFECTED_SOP_CLASS) {
        response.put_uid(element::AFFECTED_SOP_CLASS, &class);
    }
    let comment: String = why.chars().take(64).collect();
    response
        .put_number(element::COMMAND_FIELD, field | 0x8000)
        .put_number(element::MESSAGE_ID_RESPONDED_TO, message_id)
        .put_number(element::DATA_SET_TYPE, 0x0101)
        .put_number(element::STATUS, status.0)
        .put_text(element::ERROR_COMMENT, &comment);
    let message = dicom_wire::dimse::Message {
        context,
        command: response,
        data_set: None,
    };
    association
        .send(&message.to_pdus(association.max_length()))
        .await
}

/// Waits as told. No time is no wait: a timer's shortest is a millisecond.
async fn wait(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
