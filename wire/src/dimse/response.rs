//! Responses of the DIMSE services (PS3.7 9.3 and 10.3).
//!
//! Peers leave out much of what the standard wants in a response, so here all but the message ID and the status may be missing.

use super::command::{CommandError, required};
use super::request::NService;
use super::set::{CommandSet, element};
use super::status::Status;
use crate::uid::Uid;

/// How an operation ended: the status and what explains it (PS3.7 Annex C).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// (0000,0900).
    pub status: Status,
    /// (0000,0901), as (group, element).
    pub offending: Vec<(u16, u16)>,
    /// (0000,0902); written as at most 64 ASCII characters.
    pub comment: Option<String>,
    /// (0000,0903).
    pub error_id: Option<u16>,
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        Self {
            status,
            offending: Vec::new(),
            comment: None,
            error_id: None,
        }
    }
}

impl Outcome {
    /// The same with an Error Comment.
    pub fn with_comment(mut self, comment: impl Into<String>) -> Self {
        self.comment = Some(comment.into());
        self
    }

    /// The same with Offending Elements.
    pub fn with_offending(mut self, tags: impl IntoIterator<Item = (u16, u16)>) -> Self {
        self.offending.extend(tags);
        self
    }

    fn put(&self, set: &mut CommandSet) {
        set.put_number(element::STATUS, self.status.0);
        if !self.offending.is_empty() {
            set.put_tags(element::OFFENDING_ELEMENT, &self.offending);
        }
        if let Some(comment) = &self.comment {
            let printable = |c: char| {
                if (c == ' ' || c.is_ascii_graphic()) && c != '\\' {
                    c
                } else {
                    '?'
                }
            };
            let comment: String = comment.chars().take(64).map(printable).collect();
            set.put_text(element::ERROR_COMMENT, &comment);
        }
        if let Some(id) = self.error_id {
            set.put_number(element::ERROR_ID, id);
        }
    }

    fn read(set: &CommandSet) -> Result<Self, CommandError> {
        Ok(Self {
            status: Status(required(set.number(element::STATUS)?, element::STATUS)?),
            offending: set.tags(element::OFFENDING_ELEMENT),
            comment: set.text(element::ERROR_COMMENT),
            error_id: set.number(element::ERROR_ID)?,
        })
    }
}

/// C-ECHO-RSP (PS3.7 9.3.5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EchoResponse {
    /// (0000,0120).
    pub message_id: u16,
    /// (0000,0002).
    pub sop_class: Option<Uid>,
    /// How it ended.
    pub outcome: Outcome,
}

/// C-STORE-RSP (PS3.7 9.3.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreResponse {
    /// (0000,0120).
    pub message_id: u16,
    /// (0000,0002).
    pub sop_class: Option<Uid>,
    /// (0000,1000).
    pub sop_instance: Option<Uid>,
    /// How it ended.
    pub outcome: Outcome,
}

/// C-FIND-RSP (PS3.7 9.3.2.2). An identifier follows the pending ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindResponse {
    /// (0000,0120).
    pub message_id: u16,
    /// (0000,0002).
    pub sop_class: Option<Uid>,
    /// Pending, or how it ended.
    pub outcome: Outcome,
}

/// Progress of a retrieval (0000,1020) to (0000,1023).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubOperations {
    /// Not yet tried; absent from a final response that is not a cancel.
    pub remaining: Option<u16>,
    /// Ended with success.
    pub completed: Option<u16>,
    /// Failed.
    pub failed: Option<u16>,
    /// Ended with a warning.
    pub warning: Option<u16>,
}

/// C-MOVE-RSP and C-GET-RSP (PS3.7 9.3.3.2, 9.3.4.2). A list of failed instances may follow the final one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetrieveResponse {
    /// (0000,0120).
    pub message_id: u16,
    /// (0000,0002).
    pub sop_class: Option<Uid>,
    /// The four counts.
    pub sub_operations: SubOperations,
    /// Pending, or how it ended.
    pub outcome: Outcome,
}

/// A response of an N-service (PS3.7 10.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NResponse {
    /// Which one.
    pub service: NService,
    /// (0000,0120).
    pub message_id: u16,
    /// (0000,0002).
    pub sop_class: Option<Uid>,
    /// (0000,1000).
    pub sop_instance: Option<Uid>,
    /// (0000,1002) of N-EVENT-REPORT, (0000,1008) of N-ACTION.
    pub type_id: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
}

impl EchoResponse {
    pub(super) fn put(&self, set: &mut CommandSet) {
        put_head(set, self.message_id, &self.sop_class);
        self.outcome.put(set);
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let (message_id, sop_class) = head(set)?;
        Ok(Self {
            message_id,
            sop_class,
            outcome: Outcome::read(set)?,
        })
    }
}

impl StoreResponse {
    pub(super) fn put(&self, set: &mut CommandSet) {
        put_head(set, self.message_id, &self.sop_class);
        if let Some(uid) = &self.sop_instance {
            set.put_uid(element::AFFECTED_SOP_INSTANCE, uid);
        }
        self.outcome.put(set);
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let (message_id, sop_class) = head(set)?;
        let sop_instance = set.uid(element::AFFECTED_SOP_INSTANCE)?;
        Ok(Self {
            message_id,
            sop_class,
            sop_instance,
            outcome: Outcome::read(set)?,
        })
    }
}

impl FindResponse {
    pub(super) fn put(&self, set: &mut CommandSet) {
        put_head(set, self.message_id, &self.sop_class);
        self.outcome.put(set);
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let (message_id, sop_class) = head(set)?;
        Ok(Self {
            message_id,
            sop_class,
            outcome: Outcome::read(set)?,
        })
    }
}

impl SubOperations {
    fn numbers(self) -> [(u16, Option<u16>); 4] {
        [
            (element::REMAINING, self.remaining),
            (element::COMPLETED, self.completed),
            (element::FAILED, self.failed),
            (element::WARNING, self.warning),
        ]
    }
}

impl RetrieveResponse {
    pub(super) fn put(&self, set: &mut CommandSet) {
        put_head(set, self.message_id, &self.sop_class);
        for (number, value) in self.sub_operations.numbers() {
            if let Some(value) = value {
                set.put_number(number, value);
            }
        }
        self.outcome.put(set);
    }

    pub(super) fn read(set: &CommandSet) -> Result<Self, CommandError> {
        let (message_id, sop_class) = head(set)?;
        let sub_operations = SubOperations {
            remaining: set.number(element::REMAINING)?,
            completed: set.number(element::COMPLETED)?,
            failed: set.number(element::FAILED)?,
            warning: set.number(element::WARNING)?,
        };
        Ok(Self {
            message_id,
            sop_class,
            sub_operations,
            outcome: Outcome::read(set)?,
        })
    }
}

impl NResponse {
    pub(super) fn put(&self, set: &mut CommandSet) {
        put_head(set, self.message_id, &self.sop_class);
        if let Some(uid) = &self.sop_instance {
            set.put_uid(element::AFFECTED_SOP_INSTANCE, uid);
        }
        if let Some((number, value)) = self.service.type_element().zip(self.type_id) {
            set.put_number(number, value);
        }
        self.outcome.put(set);
    }

    pub(super) fn read(service: NService, set: &CommandSet) -> Result<Self, CommandError> {
        let (message_id, sop_class) = head(set)?;
        let type_id = service
            .type_element()
            .map(|number| set.number(number))
            .transpose()?
            .flatten();
        let sop_instance = set.uid(element::AFFECTED_SOP_INSTANCE)?;
        Ok(Self {
            service,
            message_id,
            sop_class,
            sop_instance,
            type_id,
            outcome: Outcome::read(set)?,
        })
    }
}

fn put_head(set: &mut CommandSet, message_id: u16, sop_class: &Option<Uid>) {
    set.put_number(element::MESSAGE_ID_RESPONDED_TO, message_id);
    if let Some(uid) = sop_class {
        set.put_uid(element::AFFECTED_SOP_CLASS, uid);
    }
}

fn head(set: &CommandSet) -> Result<(u16, Option<Uid>), CommandError> {
    let message_id = required(
        set.number(element::MESSAGE_ID_RESPONDED_TO)?,
        element::MESSAGE_ID_RESPONDED_TO,
    )?;
    Ok((message_id, set.uid(element::AFFECTED_SOP_CLASS)?))
}
