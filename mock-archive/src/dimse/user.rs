//! The archive as the one who asks: the association to a move's destination (PS3.4 C.4.2.2.1), or to who asked for commitment.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use dicom_dictionary_std::uids;
use dicom_object::InMemDicomObject;
use dicom_ul::pdu::{
    self, AssociationRQ, Pdu, PresentationContextProposed,
    PresentationContextResultReason as Reason, RequestorRoles, UserVariableItem,
};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{self, P_DATA_TF, Pdv};
use dicom_wire::dimse::{Collector, Command, Message, NRequest, Status};
use dicom_wire::uid::Uid;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::association::Agreed;
use super::connection::{Connection, kind};
use super::identifier;
use super::negotiate::{self, APPLICATION_CONTEXT};
use super::payload;
use super::retrieve::SubOperation;
use crate::policy::{Destination, Policy};
use crate::socket::Socket;
use crate::store::Stored;
use crate::tls::Stream;

/// How long a destination may take to accept a connection or an association.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a destination may take to answer one C-STORE.
const ANSWER: Duration = Duration::from_secs(60);
/// The longest PDU taken as an answer.
const MAX_PDU: u32 = 16 * 1024;
/// Context IDs are odd and below 256.
const MAX_CONTEXTS: usize = 128;
/// The transfer syntaxes that any receiver knows.
const ANY_RECEIVER: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];

/// What becomes of an association that both sides release at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Collision {
    /// It ends (PS3.8 9.2).
    #[default]
    Settled,
    /// Each side waits for the other.
    Hangs,
}

/// An association that the archive opened.
#[derive(Debug)]
pub(super) struct User {
    connection: Connection,
    contexts: Vec<Agreed>,
    max_length: u32,
    answers: Collector,
    values: VecDeque<Pdv>,
}

impl User {
    /// Opens an association to a destination for storing these instances. The error is in words.
    pub(super) async fn associate(
        destination: &Destination,
        policy: &Policy,
        called: &AeTitle,
        instances: &[Arc<Stored>],
    ) -> Result<Self, String> {
        Self::open(destination, policy, called, proposals(instances), None).await
    }

    /// Opens one for reports of storage commitment, as the provider of that service (PS3.4 J.3.3, PS3.7 D.3.3.4).
    pub(super) async fn associate_to_report(
        destination: &Destination,
        policy: &Policy,
        called: &AeTitle,
    ) -> Result<Self, String> {
        let class = uids::STORAGE_COMMITMENT_PUSH_MODEL;
        let proposals = [(1, &ANY_RECEIVER[0]), (3, &ANY_RECEIVER[1])].map(|(id, syntax)| Agreed {
            id,
            abstract_syntax: parsed(class),
            transfer_syntax: parsed(syntax),
        });
        let roles = RequestorRoles {
            scu: false,
            scp: true,
        };
        let role = UserVariableItem::ScuScpRoleSelectionSubItem(class.to_owned(), roles);
        Self::open(destination, policy, called, proposals.into(), Some(role)).await
    }

    async fn open(
        destination: &Destination,
        policy: &Policy,
        called: &AeTitle,
        proposals: Vec<Agreed>,
        role: Option<UserVariableItem>,
    ) -> Result<Self, String> {
        let connecting = timeout(CONNECT, TcpStream::connect(destination.address())).await;
        let stream =
            connecting.map_err(|_| format!("no connection within {} s", CONNECT.as_secs()))?;
        let socket = Socket::outgoing(stream.map_err(|error| error.to_string())?);
        let stream = match destination.tls() {
            None => Stream::from(socket),
            Some(tls) => Stream::connect(socket, tls, destination.host())
                .await
                .map_err(|error| format!("no TLS handshake: {error}"))?,
        };
        let mut connection = Connection::new(stream, MAX_PDU, policy.into());
        let user_variables = negotiate::identity(MAX_PDU).into_iter().chain(role);
        let request = Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: policy.ae_title.to_string(),
            called_ae_title: called.to_string(),
            application_context_name: APPLICATION_CONTEXT.to_owned(),
            presentation_contexts: proposals.iter().map(proposed).collect(),
            user_variables: user_variables.collect(),
        });
        let mut bytes = Vec::new();
        pdu::write_pdu(&mut bytes, &request).map_err(|error| error.to_string())?;
        connection
            .write(&bytes)
            .await
            .map_err(|gone| gone.to_string())?;
        let answer = connection
            .read_within(CONNECT)
            .await
            .map_err(|gone| gone.to_string())?;
        match pdu::read_pdu(&answer.bytes[..], pdu::MAXIMUM_PDU_SIZE, false) {
            Ok(Some(Pdu::AssociationAC(accepted))) => {
                let is_accepted = |id: u8| {
                    accepted
                        .presentation_contexts
                        .iter()
                        .any(|result| result.id == id && result.reason == Reason::Acceptance)
                };
                let contexts = proposals
                    .into_iter()
                    .filter(|agreed| is_accepted(agreed.id))
                    .collect();
                let max_length = negotiate::max_length(&accepted.user_variables);
                Ok(Self {
                    connection,
                    contexts,
                    max_length,
                    answers: Collector::new(0),
                    values: VecDeque::new(),
                })
            }
            Ok(Some(Pdu::AssociationRJ(rejected))) => {
                Err(format!("association rejected: {}", rejected.source))
            }
            Ok(_) => Err(format!(
                "answered the association with a PDU of type {:02X}H",
                answer.kind
            )),
            Err(error) => Err(format!(
                "answered the association with a malformed PDU: {error}"
            )),
        }
    }

    /// The accepted contexts.
    pub(super) fn contexts(&self) -> impl Iterator<Item = &Agreed> {
        self.contexts.iter()
    }

    /// Sends an instance and waits for the status. After an error the association is of no use any more.
    pub(super) async fn store(&mut self, sub_operation: SubOperation) -> Result<Status, String> {
        let message_id = sub_operation.request.message_id;
        let sent = payload::send(&mut self.connection, sub_operation, self.max_length).await;
        sent.map_err(|gone| gone.to_string())?;
        match self.answer("C-STORE-RQ", message_id).await? {
            Command::StoreRsp(response) => Ok(response.outcome.status),
            other => Err(format!(
                "answered C-STORE-RQ {message_id} with {}",
                other.name()
            )),
        }
    }

    /// Sends an N-EVENT-REPORT on the first context and waits for the status.
    pub(super) async fn report(
        &mut self,
        request: NRequest,
        event: &InMemDicomObject,
    ) -> Result<Status, String> {
        let message_id = request.message_id;
        let agreed = self
            .contexts
            .first()
            .ok_or("no context for storage commitment")?;
        let message = Message {
            context: agreed.id,
            command: Command::from(request),
            data_set: Some(identifier::write(event, &agreed.transfer_syntax)?),
        };
        let sent = self
            .connection
            .write(&message.to_pdus(self.max_length))
            .await;
        sent.map_err(|gone| gone.to_string())?;
        match self.answer("N-EVENT-REPORT-RQ", message_id).await? {
            Command::NRsp(response) => Ok(response.outcome.status),
            other => Err(format!(
                "answered N-EVENT-REPORT-RQ {message_id} with {}",
                other.name()
            )),
        }
    }

    /// The response to the request of this name and ID.
    async fn answer(&mut self, to: &str, message_id: u16) -> Result<Command, String> {
        loop {
            while let Some(value) = self.values.pop_front() {
                let Some(message) = self
                    .answers
                    .push(value)
                    .map_err(|error| error.to_string())?
                else {
                    continue;
                };
                let command =
                    Command::from_set(&message.command).map_err(|error| error.to_string())?;
                if command.status().is_some() && command.message_id() == message_id {
                    return Ok(command);
                }
                return Err(format!("answered {to} {message_id} with {command}"));
            }
            let answer = self
                .connection
                .read_within(ANSWER)
                .await
                .map_err(|gone| gone.to_string())?;
            match answer.kind {
                P_DATA_TF => self
                    .values
                    .extend(pdv::read_body(answer.body()).map_err(|error| error.to_string())?),
                kind::ABORT => return Err("aborted by the destination".to_owned()),
                other => {
                    return Err(format!(
                        "answered {to} {message_id} with a PDU of type {other:02X}H"
                    ));
                }
            }
        }
    }

    /// Ends the association in order. Where both sides ask at once, the one that opened it answers first and still waits for its answer
    /// (PS3.8 9.2, actions AR-8 and AR-9).
    pub(super) async fn release(mut self, collision: Collision) {
        let mut due = kind::RELEASE_RQ;
        loop {
            let pdu = [due, 0, 0, 0, 0, 4, 0, 0, 0, 0];
            if self.connection.write(&pdu).await.is_err() {
                return;
            }
            match self.connection.read_within(CONNECT).await {
                Ok(pdu) if pdu.kind == kind::RELEASE_RQ && due == kind::RELEASE_RQ => {
                    if collision == Collision::Hangs {
                        return self.connection.hold().await;
                    }
                    due = kind::RELEASE_RP;
                }
                _ => return,
            }
        }
    }
}

fn proposed(agreed: &Agreed) -> PresentationContextProposed {
    PresentationContextProposed {
        id: agreed.id,
        abstract_syntax: agreed.abstract_syntax.to_string(),
        transfer_syntaxes: vec![agreed.transfer_syntax.to_string()],
    }
}

fn parsed(uid: &str) -> Uid {
    Uid::parse(uid).expect("the dictionary's UIDs are UIDs")
}

/// One context for each class and transfer syntax that is stored; for instances that can be written anew the two that any receiver knows, too.
/// One transfer syntax a context, so that the receiver's choice says all that it takes.
fn proposals(instances: &[Arc<Stored>]) -> Vec<Agreed> {
    let stored: BTreeSet<_> = instances
        .iter()
        .map(|stored| {
            (
                &stored.identity().sop_class,
                &stored.identity().transfer_syntax,
            )
        })
        .collect();
    let fallback = ANY_RECEIVER.map(parsed);
    let rewritable = instances
        .iter()
        .filter(|stored| payload::is_rewritable(stored));
    let anew: BTreeSet<_> = rewritable
        .flat_map(|stored| {
            let class = &stored.identity().sop_class;
            fallback.iter().map(move |syntax| (class, syntax))
        })
        .collect();
    let others = anew.difference(&stored);
    let context = |(number, (class, syntax)): (usize, &(&Uid, &Uid))| Agreed {
        id: u8::try_from(number * 2 + 1).unwrap_or(u8::MAX),
        abstract_syntax: (*class).clone(),
        transfer_syntax: (*syntax).clone(),
    };
    stored
        .iter()
        .chain(others)
        .take(MAX_CONTEXTS)
        .enumerate()
        .map(context)
        .collect()
}
