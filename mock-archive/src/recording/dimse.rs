//! DIMSE in a recording: how an association began, and operations with all that the archive said to them.

use bytes::Bytes;
use dicom_wire::dimse::{Command, CommandSet, element};
use dicom_wire::uid::Uid;
use serde::{Deserialize, Serialize};

use super::body::{Body, Ending, Kept};
use super::mask::Mask;
use super::masked;

/// How an association began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Negotiation {
    /// AE title of the client.
    pub calling: String,
    /// AE title that it called.
    pub called: String,
    /// The presentation contexts that it proposed.
    pub proposed: Vec<Proposed>,
    /// What came of it.
    pub outcome: Opened,
}

/// A proposed presentation context (PS3.8 9.3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposed {
    /// Its ID.
    pub id: u8,
    /// The SOP class.
    pub abstract_syntax: String,
    /// The transfer syntaxes offered, in their order.
    pub transfer_syntaxes: Vec<String>,
}

/// What came of a request for an association.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Opened {
    /// It was accepted, with these answers.
    Accepted(Vec<Answered>),
    /// It was rejected (PS3.8 9.3.4).
    Rejected {
        /// 1 for good, 2 for now.
        result: u8,
        /// 1 service user, 2 provider (ACSE), 3 provider (presentation).
        source: u8,
        /// Its meaning depends on the source.
        reason: u8,
    },
    /// There was no answer, for this reason.
    Failed(String),
}

/// The answer to a presentation context (PS3.8 9.3.3.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// ID of the context.
    pub id: u8,
    /// 0 accepted, 1 to 4 the reason why not.
    pub result: u8,
    /// The transfer syntax accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_syntax: Option<String>,
}

/// An operation: a request of the client, and what the archive sent until its final response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// AE title of the client.
    pub calling: String,
    /// AE title that it called.
    pub called: String,
    /// SOP class of the presentation context.
    pub abstract_syntax: String,
    /// Transfer syntax of the presentation context.
    pub transfer_syntax: String,
    /// The request.
    pub request: Message,
    /// What the archive sent, in its order: responses, and the requests of a C-GET's sub-operations.
    pub answers: Vec<Message>,
    /// Whether the final response came.
    #[serde(default, skip_serializing_if = "Ending::is_whole")]
    pub ending: Ending,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// What it is, for people: `C-FIND-RSP FF00`.
    pub is: String,
    /// The transfer syntax of its data set, where that is another one than the request's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_syntax: Option<String>,
    /// The command set, as it was sent.
    pub command: Body,
    /// The data set, as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_set: Option<Body>,
}

/// A message on its way.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) context: u8,
    pub(super) set: CommandSet,
    pub(super) data: Data,
    /// Of its presentation context.
    pub(super) transfer_syntax: Option<Uid>,
}

/// The data set of a message on its way.
#[derive(Debug)]
pub(super) enum Data {
    /// There is none.
    None,
    /// All of it.
    Whole(Bytes),
    /// So many bytes, more than are kept.
    TooLong(u64),
}

impl Message {
    /// A message that passed, as an answer or question in an operation of this transfer syntax.
    pub(super) fn of(seen: Seen, usual: &Uid, mask: Option<&Mask>) -> Self {
        let syntax = seen.transfer_syntax.as_ref().unwrap_or(usual);
        let data_set = match (seen.data, mask) {
            (Data::None, _) => None,
            (Data::Whole(bytes), Some(mask)) => Some(masked::bare_data_set(mask, syntax, &bytes)),
            (Data::Whole(bytes), None) => Some(Body::packed(&bytes)),
            (Data::TooLong(bytes), _) => Some(Body::Withheld {
                bytes,
                because: "longer than what is kept of a body".to_owned(),
            }),
        };
        let transfer_syntax = (syntax != usual).then(|| syntax.to_string());
        let mut set = seen.set;
        if let Some(mask) = mask {
            replace(mask, &mut set);
        }
        Self {
            is: name(&set),
            transfer_syntax,
            command: Body::packed(&set.to_bytes()),
            data_set,
        }
    }

    /// The command set; nothing if the recording has none that can be read.
    pub(crate) fn command(&self) -> Option<CommandSet> {
        match self.command.kept() {
            Kept::Whole(bytes) => CommandSet::from_bytes(&bytes).ok(),
            Kept::Nothing(_) => None,
        }
    }

    /// The data set's bytes; nothing if there is none, or if they were not kept.
    pub(crate) fn data(&self) -> Option<Bytes> {
        match self.data_set.as_ref()?.kept() {
            Kept::Whole(bytes) => Some(bytes),
            Kept::Nothing(_) => None,
        }
    }
}

/// UIDs of instances stand in the command set too, and the archive may say anything in a comment.
fn replace(mask: &Mask, set: &mut CommandSet) {
    if let Some(comment) = set.text(element::ERROR_COMMENT) {
        set.put_text(element::ERROR_COMMENT, &mask.text(&comment));
    }
    for field in [
        element::AFFECTED_SOP_INSTANCE,
        element::REQUESTED_SOP_INSTANCE,
    ] {
        let replaced = match set.uid(field) {
            Ok(Some(uid)) => mask.url(uid.as_str()).parse().ok(),
            _ => None,
        };
        if let Some(uid) = replaced {
            set.put_uid(field, &uid);
        }
    }
}

fn name(set: &CommandSet) -> String {
    match Command::from_set(set) {
        Ok(command) => match command.status() {
            Some(status) => format!("{} {:04X}", command.name(), status.0),
            None => command.name().to_owned(),
        },
        Err(error) => format!("malformed: {error}"),
    }
}
