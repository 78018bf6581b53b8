//! One association and the operations on it.

use bytes::Bytes;
use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{
    CancelRequest, Command, CommandSet, DataSet, EchoRequest, FindRequest, FindResponse,
    GetRequest, MoveRequest, Priority, StatusClass, StoreRequest, StoreResponse,
};
use dicom_wire::uid::Uid;

use super::keys::{Keys, Match};
use super::retrieve::{Retrieved, Step};
use super::{STUDY_FIND, STUDY_MOVE, encode};
use crate::data::Instance;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::pdu::{Acceptance, Proposal, RawMessage, Wire, message_pdus};
use crate::transcript::Transcript;

/// An open association.
#[derive(Debug)]
pub struct Association {
    wire: Wire,
    proposal: Proposal,
    acceptance: Acceptance,
    calls: u16,
    heard: Vec<Bytes>,
    transcript: Transcript,
}

/// A message of the archive.
#[derive(Clone, Debug)]
pub struct Response {
    /// Presentation context ID.
    pub context: u8,
    /// What it says.
    pub command: Command,
    /// Its command set as it came.
    pub set: Bytes,
    /// Its data set.
    pub data_set: Option<Bytes>,
}

/// All responses to a C-FIND.
#[derive(Clone, Debug)]
pub struct Found {
    /// The identifiers of the pending responses, in order; `None` for one without.
    pub matches: Vec<Option<Match>>,
    /// The pending responses, in order.
    pub pending: Vec<FindResponse>,
    /// The last response.
    pub last: FindResponse,
    /// Its data set, which it should not have.
    pub last_data_set: Option<Bytes>,
}

impl Found {
    /// The first value of a key in every match, sorted.
    pub fn values(&self, tag: dicom_core::Tag) -> Vec<String> {
        let matches = self.matches.iter().flatten();
        crate::data::sorted(matches.filter_map(|found| found.text(tag)))
    }

    /// The status at the end.
    pub fn status(&self) -> u16 {
        self.last.outcome.status.0
    }
}

impl Association {
    /// An association that was just accepted.
    pub(super) const fn new(
        wire: Wire,
        proposal: Proposal,
        acceptance: Acceptance,
        transcript: Transcript,
    ) -> Self {
        Self {
            wire,
            proposal,
            acceptance,
            calls: 0,
            heard: Vec::new(),
            transcript,
        }
    }

    /// What was accepted.
    pub const fn acceptance(&self) -> &Acceptance {
        &self.acceptance
    }

    /// The command sets that came, as they came.
    pub fn heard(&self) -> &[Bytes] {
        &self.heard
    }

    /// The connection below.
    pub const fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// The connection below, for what this cannot do.
    pub fn into_wire(self) -> Wire {
        self.wire
    }

    /// The first accepted context for an abstract syntax: its ID and its transfer syntax.
    pub fn context(&self, abstract_syntax: &str) -> Option<(u8, String)> {
        self.contexts(abstract_syntax).into_iter().next()
    }

    /// All accepted contexts for an abstract syntax.
    pub fn contexts(&self, abstract_syntax: &str) -> Vec<(u8, String)> {
        let proposed = self.proposal.contexts.iter();
        let proposed = proposed.filter(|context| context.abstract_syntax == abstract_syntax);
        proposed
            .filter_map(|context| {
                let answered = self.acceptance.context(context.id)?;
                let syntax = answered.transfer_syntaxes.first()?;
                (answered.result == 0).then(|| (context.id, syntax.clone()))
            })
            .collect()
    }

    /// The same.
    ///
    /// # Errors
    /// A failure if there is none.
    pub fn required(&self, abstract_syntax: &str) -> Verdict<(u8, String)> {
        self.context(abstract_syntax).ok_or_else(|| {
            Finding::fail(format!(
                "the presentation context for {abstract_syntax} was not accepted"
            ))
        })
    }

    /// C-ECHO; the status.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn echo(&mut self) -> Verdict<u16> {
        let (context, _) = self.required(uids::VERIFICATION)?;
        let request = EchoRequest::new(self.next_id());
        self.send(context, request, None, "C-ECHO-RQ").await?;
        let response = self.response().await?;
        match response.command {
            Command::EchoRsp(echo) => Ok(echo.outcome.status.0),
            other => Err(unexpected(&other)),
        }
    }

    /// C-STORE of an instance; the status.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn store(&mut self, instance: &Instance) -> Verdict<u16> {
        let contexts = self.contexts(instance.sop_class);
        let own = contexts
            .iter()
            .find(|(_, syntax)| syntax == instance.transfer_syntax);
        let (context, syntax) = match own {
            Some(own) => own.clone(),
            None => self.required(instance.sop_class)?,
        };
        let data_set = encode(&instance.data_set, &syntax)?;
        self.transcript.leave(&instance.study);
        let response = self
            .store_bytes(context, instance.sop_class, &instance.uid, data_set)
            .await?;
        Ok(response.outcome.status.0)
    }

    /// C-STORE of any bytes under this class and UID.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn store_bytes(
        &mut self,
        context: u8,
        sop_class: &str,
        sop_instance: &str,
        data_set: Bytes,
    ) -> Verdict<StoreResponse> {
        let request = self.store_request(sop_class, sop_instance)?;
        let line = format!("C-STORE-RQ {sop_instance}");
        self.send(context, request, Some(data_set), &line).await?;
        match self.response().await?.command {
            Command::StoreRsp(response) => Ok(response),
            other => Err(unexpected(&other)),
        }
    }

    /// A C-STORE-RQ, not sent.
    ///
    /// # Errors
    /// The harness's own, for what is no UID.
    pub fn store_request(&mut self, sop_class: &str, sop_instance: &str) -> Verdict<StoreRequest> {
        Ok(StoreRequest {
            message_id: self.next_id(),
            sop_class: uid(sop_class)?,
            sop_instance: uid(sop_instance)?,
            priority: Priority::Medium,
            originator: None,
        })
    }

    /// C-FIND to its end.
    ///
    /// # Errors
    /// A failure if no proper responses come.
    pub async fn find(&mut self, model: &str, keys: &Keys) -> Verdict<Found> {
        self.begin_find(model, keys).await?;
        self.found(model).await
    }

    /// C-FIND of the studies of these patients that a key matches: exactly the wanted ones have to come.
    ///
    /// # Errors
    /// A failure if others come, or not all.
    pub async fn finds_studies(
        &mut self,
        patients: &str,
        (tag, value): (Tag, &str),
        wanted: impl Iterator<Item = String>,
    ) -> Verdict {
        let keys = Keys::level("STUDY")
            .key(tags::PATIENT_ID, patients)
            .and(&[tags::STUDY_INSTANCE_UID])
            .key(tag, value);
        let found = self.find(STUDY_FIND, &keys).await?;
        let found = found.values(tags::STUDY_INSTANCE_UID);
        let wanted = crate::data::sorted(wanted);
        ensure!(
            found == wanted,
            "{} of {} studies for {tag} = {value:?}",
            found.len(),
            wanted.len()
        );
        Ok(())
    }

    /// Sends a C-FIND-RQ; its message ID.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn begin_find(&mut self, model: &str, keys: &Keys) -> Verdict<u16> {
        self.transcript.settled().await;
        let (context, syntax) = self.required(model)?;
        let request = FindRequest {
            message_id: self.next_id(),
            sop_class: uid(model)?,
            priority: Priority::Medium,
        };
        let id = request.message_id;
        let identifier = encode(keys.object(), &syntax)?;
        let line = format!("C-FIND-RQ {keys}");
        self.send(context, request, Some(identifier), &line).await?;
        Ok(id)
    }

    /// The responses to a C-FIND-RQ.
    ///
    /// # Errors
    /// A failure if no proper responses come.
    pub async fn found(&mut self, model: &str) -> Verdict<Found> {
        let (_, syntax) = self.required(model)?;
        let (mut matches, mut pending) = (Vec::new(), Vec::new());
        loop {
            let response = self.response().await?;
            let Command::FindRsp(last) = response.command else {
                return Err(unexpected(&response.command));
            };
            if last.outcome.status.class() != StatusClass::Pending {
                return Ok(Found {
                    matches,
                    pending,
                    last,
                    last_data_set: response.data_set,
                });
            }
            let identifier = response.data_set;
            let read = identifier.map(|bytes| Match::read(&bytes, &syntax));
            matches.push(read.transpose()?);
            pending.push(last);
        }
    }

    /// Sends a C-MOVE-RQ; its message ID. What comes is read with [`Self::step`].
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn begin_move(
        &mut self,
        model: &str,
        keys: &Keys,
        destination: &str,
    ) -> Verdict<u16> {
        self.transcript.settled().await;
        let (context, syntax) = self.required(model)?;
        let request = MoveRequest {
            message_id: self.next_id(),
            sop_class: uid(model)?,
            priority: Priority::Medium,
            destination: AeTitle::parse(destination).map_err(Finding::error)?,
        };
        let id = request.message_id;
        let identifier = Some(encode(keys.object(), &syntax)?);
        let line = format!("C-MOVE-RQ {keys} to {destination}");
        let command = Command::MoveRq(request);
        self.send(context, command, identifier, &line).await?;
        Ok(id)
    }

    /// Sends a C-GET-RQ; its message ID. What comes is read with [`Self::step`].
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn begin_get(&mut self, model: &str, keys: &Keys) -> Verdict<u16> {
        self.transcript.settled().await;
        let (context, syntax) = self.required(model)?;
        let request = GetRequest {
            message_id: self.next_id(),
            sop_class: uid(model)?,
            priority: Priority::Medium,
        };
        let id = request.message_id;
        let identifier = Some(encode(keys.object(), &syntax)?);
        let line = format!("C-GET-RQ {keys}");
        self.send(context, Command::GetRq(request), identifier, &line)
            .await?;
        Ok(id)
    }

    /// C-MOVE of a study (Study Root) to its end.
    ///
    /// # Errors
    /// A failure if no proper response comes, or an instance comes here.
    pub async fn move_study(&mut self, study: &str, destination: &str) -> Verdict<Retrieved> {
        let keys = Keys::study(study);
        self.move_to(STUDY_MOVE, &keys, destination).await
    }

    /// C-MOVE to its end.
    ///
    /// # Errors
    /// A failure if no proper response comes, or an instance comes here.
    pub async fn move_to(
        &mut self,
        model: &str,
        keys: &Keys,
        destination: &str,
    ) -> Verdict<Retrieved> {
        self.begin_move(model, keys, destination).await?;
        let mut retrieved = Retrieved::default();
        loop {
            match self.step().await? {
                Step::Pending(response) => retrieved.pending.push(response),
                Step::Last(response, failed) => {
                    (retrieved.last, retrieved.failed) = (Some(response), failed);
                    return Ok(retrieved);
                }
                Step::Store(store) => {
                    return Err(Finding::fail(format!(
                        "a C-STORE-RQ of {} on the association of the C-MOVE",
                        store.request.sop_instance
                    )));
                }
            }
        }
    }

    /// C-CANCEL-RQ of an operation on the context of a model.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn cancel(&mut self, model: &str, message_id_responded_to: u16) -> Verdict {
        let (context, _) = self.required(model)?;
        let cancel = Command::CancelRq(CancelRequest {
            message_id_responded_to,
        });
        let line = format!("C-CANCEL-RQ {message_id_responded_to}");
        self.send(context, cancel, None, &line).await
    }

    /// A-RELEASE.
    ///
    /// # Errors
    /// A failure if it is not answered.
    pub async fn release(self) -> Verdict {
        self.wire.release().await
    }

    /// The next message ID.
    pub const fn next_id(&mut self) -> u16 {
        self.calls += 1;
        self.last_id()
    }

    const fn last_id(&self) -> u16 {
        // Not 1, 2, 3: an answer that does not look at the request must not fit by chance.
        self.calls.wrapping_mul(257)
    }

    /// Sends a message.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn send(
        &mut self,
        context: u8,
        command: impl Into<Command>,
        data_set: Option<Bytes>,
        line: &str,
    ) -> Verdict {
        let bytes = self.pdus(context, command, data_set.as_deref());
        self.wire.write(&bytes, line).await
    }

    /// The PDUs of a message, cut for this peer.
    pub fn pdus(&self, context: u8, command: impl Into<Command>, data_set: Option<&[u8]>) -> Bytes {
        let present = match data_set {
            Some(_) => DataSet::Present,
            None => DataSet::Absent,
        };
        let command = command.into().to_bytes(present);
        message_pdus(context, &command, data_set, self.acceptance.max_length())
    }

    /// The next message, which has to be a request or the response to our last one.
    ///
    /// # Errors
    /// A failure if it is anything else.
    pub async fn response(&mut self) -> Verdict<Response> {
        let RawMessage {
            context,
            command: set,
            data_set,
        } = self.wire.message().await?;
        self.heard.push(set.clone());
        let unreadable = |error: &dyn std::fmt::Display| Finding::fail(error.to_string());
        let read = CommandSet::from_bytes(&set).map_err(|error| unreadable(&error))?;
        let command = Command::from_set(&read).map_err(|error| unreadable(&error))?;
        if command.status().is_some() && command.message_id() != self.last_id() {
            return Err(Finding::fail(format!(
                "a response to message {}",
                command.message_id()
            )));
        }
        Ok(Response {
            context,
            command,
            set,
            data_set,
        })
    }
}

fn uid(text: &str) -> Verdict<Uid> {
    Uid::parse(text).map_err(Finding::error)
}

pub(super) fn unexpected(command: &Command) -> Finding {
    Finding::fail(format!("{} in place of the response", command.name()))
}
