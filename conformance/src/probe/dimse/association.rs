//! One association and the operations on it.

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_encoding::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;
use dicom_ul::association::client::AsyncClientAssociation;
use dicom_ul::pdu::{PDataValue, PDataValueType, Pdu, PresentationContextResultReason};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{Kind, Pdv, Place};
use dicom_wire::dimse::{
    Collector, Command, EchoRequest, Message, MoveRequest, Priority, RetrieveResponse, StatusClass,
    StoreRequest,
};
use dicom_wire::uid::Uid;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::data::Instance;
use crate::outcome::{Finding, Verdict};
use crate::probe::file;
use crate::transcript::{Transcript, WAIT, excerpt};

/// The longest data set of a response that is kept.
const DATA_SET_LIMIT: usize = 16 * 1024 * 1024;

/// The final response of a C-MOVE and how many pending ones came before it.
#[derive(Clone, Debug)]
pub struct Moved {
    /// Number of pending responses.
    pub pending: usize,
    /// The last response.
    pub last: RetrieveResponse,
    /// Failed SOP Instance UID List (0008,0058) of its identifier.
    pub failed: Vec<String>,
}

/// An open association.
#[derive(Debug)]
pub struct Association {
    inner: AsyncClientAssociation<TcpStream>,
    collector: Collector,
    arrived: Vec<Pdv>,
    calls: u16,
    transcript: Transcript,
}

impl Association {
    /// An association that was just accepted.
    pub(super) fn new(inner: AsyncClientAssociation<TcpStream>, transcript: Transcript) -> Self {
        Self {
            inner,
            collector: Collector::new(DATA_SET_LIMIT),
            arrived: Vec::new(),
            calls: 0,
            transcript,
        }
    }

    /// The accepted context for an abstract syntax: its ID and its transfer syntax.
    pub fn context(&self, abstract_syntax: &str) -> Option<(u8, String)> {
        let found = self.inner.presentation_contexts().iter().find(|context| {
            context.abstract_syntax == abstract_syntax
                && context.reason == PresentationContextResultReason::Acceptance
        })?;
        Some((
            found.id,
            found
                .transfer_syntax
                .trim_end_matches(['\0', ' '])
                .to_owned(),
        ))
    }

    /// C-ECHO; the status.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn echo(&mut self) -> Verdict<u16> {
        let (context, _) = self.required(uids::VERIFICATION)?;
        let request = EchoRequest::new(self.next_id());
        self.send(
            Message {
                context,
                command: request.into(),
                data_set: None,
            },
            "C-ECHO-RQ",
        )
        .await?;
        let (command, _) = self.response().await?;
        command
            .status()
            .map(|status| status.0)
            .ok_or_else(|| unexpected(&command))
    }

    /// C-STORE; the status.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn store(&mut self, instance: &Instance) -> Verdict<u16> {
        let (context, syntax) = self.required(instance.sop_class)?;
        let request = StoreRequest {
            message_id: self.next_id(),
            sop_class: uid(instance.sop_class)?,
            sop_instance: uid(&instance.uid)?,
            priority: Priority::Medium,
            originator: None,
        };
        let data_set = Some(encode(&instance.data_set, &syntax)?);
        self.transcript.leave(&instance.study);
        self.send(
            Message {
                context,
                command: request.into(),
                data_set,
            },
            &format!("C-STORE-RQ {}", instance.uid),
        )
        .await?;
        let (command, _) = self.response().await?;
        command
            .status()
            .map(|status| status.0)
            .ok_or_else(|| unexpected(&command))
    }

    /// C-MOVE of a study (Study Root); pending responses are counted.
    ///
    /// # Errors
    /// A failure if no proper response comes.
    pub async fn move_study(&mut self, study: &str, destination: &str) -> Verdict<Moved> {
        let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
        let (context, syntax) = self.required(model)?;
        let request = MoveRequest {
            message_id: self.next_id(),
            sop_class: uid(model)?,
            priority: Priority::Medium,
            destination: AeTitle::parse(destination).map_err(Finding::error)?,
        };
        let text =
            |tag: Tag, vr: VR, value: &str| DataElement::new(tag, vr, PrimitiveValue::from(value));
        let identifier = InMemDicomObject::from_element_iter([
            text(tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
            text(tags::STUDY_INSTANCE_UID, VR::UI, study),
        ]);
        let data_set = Some(encode(&identifier, &syntax)?);
        self.send(
            Message {
                context,
                command: request.into(),
                data_set,
            },
            &format!("C-MOVE-RQ {study} to {destination}"),
        )
        .await?;
        let mut pending = 0;
        loop {
            let (command, data_set) = self.response().await?;
            let Command::MoveRsp(response) = command else {
                return Err(unexpected(&command));
            };
            if response.outcome.status.class() == StatusClass::Pending {
                pending += 1;
                continue;
            }
            let failed =
                data_set.map_or_else(|| Ok(Vec::new()), |bytes| failed_list(&bytes, &syntax))?;
            return Ok(Moved {
                pending,
                last: response,
                failed,
            });
        }
    }

    /// A-RELEASE.
    ///
    /// # Errors
    /// A failure if it is not answered.
    pub async fn release(self) -> Verdict {
        let ticket = self.transcript.sent("A-RELEASE-RQ", "");
        self.inner
            .release()
            .await
            .map_err(|error| Finding::fail(format!("no release: {}", outermost_two(&error))))?;
        self.transcript.got(ticket, "A-RELEASE-RP", "");
        Ok(())
    }

    fn required(&self, abstract_syntax: &str) -> Verdict<(u8, String)> {
        self.context(abstract_syntax).ok_or_else(|| {
            Finding::fail(format!(
                "the presentation context for {abstract_syntax} was not accepted"
            ))
        })
    }

    fn next_id(&mut self) -> u16 {
        self.calls += 1;
        // Not 1, 2, 3: an answer that does not look at the request must not fit by chance.
        self.calls.wrapping_mul(257)
    }

    async fn send(&mut self, message: Message, line: &str) -> Verdict {
        let limit = self.inner.acceptor_max_pdu_length();
        let bytes = message.to_pdus(limit);
        self.transcript.sent(line, excerpt(&bytes));
        let socket = self.inner.inner_stream();
        socket
            .write_all(&bytes)
            .await
            .map_err(|error| Finding::fail(format!("the connection ended: {error}")))
    }

    /// The next message.
    async fn response(&mut self) -> Verdict<(Command, Option<Bytes>)> {
        loop {
            while !self.arrived.is_empty() {
                let value = self.arrived.remove(0);
                let message = self
                    .collector
                    .push(value)
                    .map_err(|error| Finding::fail(error.to_string()))?;
                if let Some(message) = message {
                    let command = Command::from_set(&message.command)
                        .map_err(|error| Finding::fail(error.to_string()))?;
                    let ticket = self.transcript.sent(WAIT, "");
                    self.transcript.got(ticket, command.to_string(), "");
                    if command.message_id() != self.calls.wrapping_mul(257) {
                        return Err(Finding::fail(format!(
                            "a response to message {}",
                            command.message_id()
                        )));
                    }
                    return Ok((command, message.data_set));
                }
            }
            match self.inner.receive().await {
                Ok(Pdu::PData { data }) => self.arrived.extend(data.into_iter().map(value)),
                Ok(other) => {
                    return Err(Finding::fail(format!(
                        "{} in place of a response",
                        other.short_description()
                    )));
                }
                Err(error) => {
                    return Err(Finding::fail(format!(
                        "no response: {}",
                        outermost_two(&error)
                    )));
                }
            }
        }
    }
}

/// dicom-ul's value as ours.
pub(in crate::probe) fn value(value: PDataValue) -> Pdv {
    Pdv {
        context: value.presentation_context_id,
        kind: if value.value_type == PDataValueType::Command {
            Kind::Command
        } else {
            Kind::DataSet
        },
        place: if value.is_last {
            Place::Last
        } else {
            Place::Inner
        },
        data: value.data.into(),
    }
}

/// A data set in the transfer syntax of a context.
fn encode(data_set: &InMemDicomObject, syntax: &str) -> Verdict<Bytes> {
    let known = TransferSyntaxRegistry.get(syntax);
    let Some(known) = known else {
        return Err(Finding::fail(format!(
            "a context accepted with transfer syntax {syntax:?}, which was not offered"
        )));
    };
    let mut bytes = Vec::new();
    data_set
        .write_dataset_with_ts(&mut bytes, known)
        .map_err(Finding::error)?;
    Ok(bytes.into())
}

fn failed_list(bytes: &Bytes, syntax: &str) -> Verdict<Vec<String>> {
    let identifier = file::data_set(bytes, syntax)?;
    let list = file::text(identifier.get(&tags::FAILED_SOP_INSTANCE_UID_LIST)).unwrap_or_default();
    Ok(list
        .split('\\')
        .filter(|uid| !uid.is_empty())
        .map(str::to_owned)
        .collect())
}

fn uid(text: &str) -> Verdict<Uid> {
    Uid::parse(text).map_err(Finding::error)
}

fn unexpected(command: &Command) -> Finding {
    Finding::fail(format!("{} in place of the response", command.name()))
}

/// An error and its cause, without the chain below.
pub(super) fn outermost_two(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
