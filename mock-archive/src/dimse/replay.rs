//! Operations answered from a recording: the messages that an archive once sent, with the numbers of this association.

use bytes::Bytes;
use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_wire::dimse::{Command, CommandSet, DataSet, Message, Status, element};
use dicom_wire::uid::Uid;

use super::association::{Association, Ended, Entry};
use super::negotiate::is_plain;
use crate::exchange::Exchange;
use crate::recording::dimse::{Message as Recorded, Operation};
use crate::recording::{Ending, Player};
use crate::request::Service;

/// The longest identifier that is compared with those of the recording.
const MAX_IDENTIFIER: usize = 16 << 20;
/// The bit that makes a response of a Command Field (PS3.7 E.1).
const RESPONSE: u16 = 0x8000;
/// What is said to a request that was not recorded.
const UNRECORDED: &str = "the recording has no answer to this";

/// Answers a request as the archive of the recording did.
pub(super) async fn answer(
    association: &mut Association,
    player: &Player,
    context: u8,
    set: CommandSet,
    data_set: DataSet,
) -> Result<(), Ended> {
    let data = match data_set {
        DataSet::Absent => None,
        DataSet::Present => association.collect(MAX_IDENTIFIER).await?,
    };
    let agreed = association.context(context)?;
    let command = Command::from_set(&set);
    let field = set.number(element::COMMAND_FIELD).ok().flatten();
    let number = set.number(element::MESSAGE_ID).ok().flatten();
    let (Some(field), Some(number)) = (field, number) else {
        // A cancel of what has ended, or an answer to a sub-operation.
        return Ok(());
    };
    let (service, name) = match &command {
        Ok(command) => (service(command), command.name()),
        Err(_) => (Service::Other, "malformed"),
    };
    let name = name.trim_end_matches("-RQ");
    let opened = association.request(service, name);
    let (exchange, entry) = association.open(opened).await?;
    let status = match entry {
        Entry::Silence => return Ok(()),
        Entry::Fail(status) => Some(status),
        Entry::Proceed => None,
    };
    let lines = player.dimse.as_ref().filter(|_| status.is_none());
    let operation = lines.and_then(|lines| {
        let (class, syntax) = (&agreed.abstract_syntax, &agreed.transfer_syntax);
        lines.operation(&set, class, syntax, data.as_deref())
    });
    if let Some(operation) = operation {
        return play(association, &exchange, operation, context, number).await;
    }
    let mut response = CommandSet::default();
    response
        .put_number(element::COMMAND_FIELD, field | RESPONSE)
        .put_number(element::MESSAGE_ID_RESPONDED_TO, number)
        .put_number(element::DATA_SET_TYPE, 0x0101)
        .put_number(
            element::STATUS,
            status.unwrap_or(Status::PROCESSING_FAILURE).0,
        );
    if let Ok(Some(class)) = set.uid(element::AFFECTED_SOP_CLASS) {
        response.put_uid(element::AFFECTED_SOP_CLASS, &class);
    }
    if status.is_none() {
        exchange.remark(UNRECORDED);
        response.put_text(element::ERROR_COMMENT, UNRECORDED);
    }
    association
        .respond_set(&exchange, context, response, None)
        .await
}

async fn play(
    association: &mut Association,
    exchange: &Exchange,
    operation: &Operation,
    context: u8,
    number: u16,
) -> Result<(), Ended> {
    for recorded in &operation.answers {
        let Some(mut set) = recorded.command() else {
            continue;
        };
        let field = set.number(element::COMMAND_FIELD).ok().flatten();
        if field.is_none_or(|field| field & RESPONSE == 0) {
            ask(association, operation, recorded, set).await?;
            continue;
        }
        if association.is_cancelled(number).await? {
            set.put_number(element::STATUS, Status::CANCEL.0);
            set.put_number(element::MESSAGE_ID_RESPONDED_TO, number);
            set.put_number(element::DATA_SET_TYPE, 0x0101);
            return association.respond_set(exchange, context, set, None).await;
        }
        set.put_number(element::MESSAGE_ID_RESPONDED_TO, number);
        let to = association.context(context)?.transfer_syntax;
        let data = data(recorded, &operation.transfer_syntax, &to);
        if data.is_none() {
            set.put_number(element::DATA_SET_TYPE, 0x0101);
        }
        association
            .respond_set(exchange, context, set, data)
            .await?;
    }
    match operation.ending {
        Ending::Whole => Ok(()),
        // There the archive went silent; whoever waits learns it from the end of the association.
        Ending::Cut => Err(association.abort(0, 0).await),
    }
}

/// Sends a request of the archive's, such as the C-STORE of a C-GET, and waits for the answer.
async fn ask(
    association: &mut Association,
    operation: &Operation,
    recorded: &Recorded,
    set: CommandSet,
) -> Result<(), Ended> {
    let class = set.uid(element::AFFECTED_SOP_CLASS).ok().flatten();
    let from = recorded
        .transfer_syntax
        .as_ref()
        .unwrap_or(&operation.transfer_syntax);
    let agreed = association.contexts().find(|agreed| {
        let fits = agreed.transfer_syntax.as_str() == from
            || is_plain(from) && is_plain(agreed.transfer_syntax.as_str());
        Some(&agreed.abstract_syntax) == class.as_ref() && fits
    });
    let Some(agreed) = agreed.cloned() else {
        association.remark("a request of the recording has no presentation context here");
        return Ok(());
    };
    let Some(data) = data(
        recorded,
        &operation.transfer_syntax,
        &agreed.transfer_syntax,
    ) else {
        association.remark("a request of the recording was kept without its data set");
        return Ok(());
    };
    let message = Message {
        context: agreed.id,
        command: set,
        data_set: Some(data),
    };
    let pdus = message.to_pdus(association.max_length());
    association.send(&pdus).await?;
    association.next_command().await.map(|_| ())
}

/// The data set of a recorded message in the transfer syntax of this association, where it can be written in it.
fn data(recorded: &Recorded, usual: &str, to: &Uid) -> Option<Bytes> {
    let bytes = recorded.data()?;
    let from = recorded.transfer_syntax.as_deref().unwrap_or(usual);
    if from == to.as_str() || !is_plain(from) || !is_plain(to.as_str()) {
        return Some(bytes);
    }
    let (from, to) = (
        TransferSyntaxRegistry.get(from)?,
        TransferSyntaxRegistry.get(to.as_str())?,
    );
    let object = InMemDicomObject::read_dataset_with_ts(&bytes[..], from).ok()?;
    let mut written = Vec::new();
    object.write_dataset_with_ts(&mut written, to).ok()?;
    Some(written.into())
}

const fn service(command: &Command) -> Service {
    match command {
        Command::EchoRq(_) => Service::Echo,
        Command::StoreRq(_) => Service::Store,
        Command::FindRq(_) => Service::Search,
        Command::GetRq(_) => Service::Retrieve,
        Command::MoveRq(_) => Service::Move,
        _ => Service::Other,
    }
}
