//! What comes while a C-MOVE or a C-GET runs.

use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_wire::dimse::{
    Command, Outcome, RetrieveResponse, Status, StatusClass, StoreRequest, StoreResponse,
    SubOperations,
};

use super::Association;
use super::association::unexpected;
use super::keys::{Keys, Match};
use crate::outcome::{Finding, Verdict};

/// All that came of a C-MOVE or C-GET.
#[derive(Clone, Debug, Default)]
pub struct Retrieved {
    /// The pending responses, in order.
    pub pending: Vec<RetrieveResponse>,
    /// The last response; there is one at the end.
    pub last: Option<RetrieveResponse>,
    /// Failed SOP Instance UID List (0008,0058) of its identifier.
    pub failed: Vec<String>,
    /// The instances that came on this association, in order.
    pub stored: Vec<Stored>,
}

/// An instance that came as a sub-operation on the association that asked for it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its context.
    pub context: u8,
    /// Its request.
    pub request: StoreRequest,
    /// Its data set.
    pub data_set: Bytes,
}

/// The next thing that comes.
#[derive(Clone, Debug)]
pub enum Step {
    /// A pending response.
    Pending(RetrieveResponse),
    /// The final response, and the failed instances that it lists.
    Last(RetrieveResponse, Vec<String>),
    /// A C-STORE-RQ, to be answered with [`Association::answer_store`].
    Store(Stored),
}

/// How an instance is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With this status.
    Status(Status),
    /// With success, but first the operation is cancelled.
    Cancel,
}

impl Retrieved {
    /// The status at the end.
    pub fn status(&self) -> Status {
        let last = self.last.as_ref();
        last.map_or(Status::PROCESSING_FAILURE, |last| last.outcome.status)
    }

    /// The counts at the end.
    pub fn counts(&self) -> SubOperations {
        self.last
            .as_ref()
            .map(|last| last.sub_operations)
            .unwrap_or_default()
    }

    /// The end in words: `B000H with 4 completed, 1 failed, 1 warning`.
    pub fn words(&self) -> String {
        format!("{:04X}H with {}", self.status().0, words(&self.counts()))
    }

    /// SOP Instance UIDs of what came here, sorted.
    pub fn uids(&self) -> Vec<String> {
        let stored = self.stored.iter();
        crate::data::sorted(stored.map(|stored| stored.request.sop_instance.to_string()))
    }
}

/// Counts in words, a dash for one that is absent; remaining only if it is there.
fn words(counts: &SubOperations) -> String {
    let number = |count: Option<u16>| count.map_or("-".to_owned(), |count| count.to_string());
    let rest = counts
        .remaining
        .map_or_else(String::new, |count| format!("{count} remaining, "));
    format!(
        "{rest}{} completed, {} failed, {} warning",
        number(counts.completed),
        number(counts.failed),
        number(counts.warning)
    )
}

impl Association {
    /// The next message while a C-MOVE or C-GET runs.
    ///
    /// # Errors
    /// A failure if it belongs to neither.
    pub async fn step(&mut self) -> Verdict<Step> {
        let response = self.response().await?;
        match response.command {
            Command::MoveRsp(last) | Command::GetRsp(last) => {
                if last.outcome.status.class() == StatusClass::Pending {
                    return Ok(Step::Pending(last));
                }
                let failed = match &response.data_set {
                    None => Vec::new(),
                    Some(bytes) => {
                        let syntax = self.syntax(response.context);
                        let identifier = Match::read(bytes, &syntax)?;
                        identifier.values(tags::FAILED_SOP_INSTANCE_UID_LIST)
                    }
                };
                Ok(Step::Last(last, failed))
            }
            Command::StoreRq(request) => {
                let data_set = response.data_set;
                let data_set =
                    data_set.ok_or_else(|| Finding::fail("a C-STORE-RQ without a data set"))?;
                Ok(Step::Store(Stored {
                    context: response.context,
                    request,
                    data_set,
                }))
            }
            other => Err(unexpected(&other)),
        }
    }

    /// Answers a sub-operation of a C-GET.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn answer_store(&mut self, stored: &Stored, status: Status) -> Verdict {
        let request = &stored.request;
        let response = StoreResponse {
            message_id: request.message_id,
            sop_class: Some(request.sop_class.clone()),
            sop_instance: Some(request.sop_instance.clone()),
            outcome: Outcome::from(status),
        };
        let line = format!("C-STORE-RSP {status}");
        self.send(stored.context, Command::StoreRsp(response), None, &line)
            .await
    }

    /// C-GET to its end, each instance answered as told.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn get(
        &mut self,
        model: &str,
        keys: &Keys,
        mut reply: impl FnMut(&Stored) -> Reply,
    ) -> Verdict<Retrieved> {
        let id = self.begin_get(model, keys).await?;
        let mut retrieved = Retrieved::default();
        loop {
            match self.step().await? {
                Step::Pending(response) => retrieved.pending.push(response),
                Step::Last(response, failed) => {
                    (retrieved.last, retrieved.failed) = (Some(response), failed);
                    return Ok(retrieved);
                }
                Step::Store(stored) => {
                    let status = match reply(&stored) {
                        Reply::Status(status) => status,
                        Reply::Cancel => {
                            self.cancel(model, id).await?;
                            Status::SUCCESS
                        }
                    };
                    self.answer_store(&stored, status).await?;
                    retrieved.stored.push(stored);
                }
            }
        }
    }

    /// The transfer syntax of an accepted context.
    pub fn syntax(&self, context: u8) -> String {
        let accepted = self.acceptance().context(context);
        accepted
            .and_then(|context| context.transfer_syntaxes.first().cloned())
            .unwrap_or_default()
    }
}
