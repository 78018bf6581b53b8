//! The commands as types.

use std::fmt;

use super::request::{
    CancelRequest, EchoRequest, FindRequest, GetRequest, MoveRequest, NRequest, NService,
    StoreRequest,
};
use super::response::{EchoResponse, FindResponse, NResponse, RetrieveResponse, StoreResponse};
use super::set::{CommandSet, DataSet, SetError, element};
use super::status::Status;

/// Bit of the command field that makes a response of a request (PS3.7 Annex E).
const RESPONSE: u16 = 0x8000;
const STORE: u16 = 0x0001;
const GET: u16 = 0x0010;
const FIND: u16 = 0x0020;
const MOVE: u16 = 0x0021;
const ECHO: u16 = 0x0030;
const CANCEL: u16 = 0x0FFF;

/// What a command set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// C-ECHO-RQ.
    EchoRq(EchoRequest),
    /// C-ECHO-RSP.
    EchoRsp(EchoResponse),
    /// C-STORE-RQ.
    StoreRq(StoreRequest),
    /// C-STORE-RSP.
    StoreRsp(StoreResponse),
    /// C-FIND-RQ.
    FindRq(FindRequest),
    /// C-FIND-RSP.
    FindRsp(FindResponse),
    /// C-GET-RQ.
    GetRq(GetRequest),
    /// C-GET-RSP.
    GetRsp(RetrieveResponse),
    /// C-MOVE-RQ.
    MoveRq(MoveRequest),
    /// C-MOVE-RSP.
    MoveRsp(RetrieveResponse),
    /// C-CANCEL-RQ.
    CancelRq(CancelRequest),
    /// A request of an N-service.
    NRq(NRequest),
    /// A response of an N-service.
    NRsp(NResponse),
}

impl Command {
    /// The command set as it travels.
    pub fn to_bytes(&self, data_set: DataSet) -> Vec<u8> {
        self.to_set(data_set).to_bytes()
    }

    /// The command set as elements, for those who want to send a wrong one.
    pub fn to_set(&self, data_set: DataSet) -> CommandSet {
        let mut set = CommandSet::default();
        match self {
            Self::EchoRq(request) => request.put(&mut set),
            Self::EchoRsp(response) => response.put(&mut set),
            Self::StoreRq(request) => request.put(&mut set),
            Self::StoreRsp(response) => response.put(&mut set),
            Self::FindRq(request) => request.put(&mut set),
            Self::FindRsp(response) => response.put(&mut set),
            Self::GetRq(request) => request.put(&mut set),
            Self::GetRsp(response) | Self::MoveRsp(response) => response.put(&mut set),
            Self::MoveRq(request) => request.put(&mut set),
            Self::CancelRq(request) => request.put(&mut set),
            Self::NRq(request) => request.put(&mut set),
            Self::NRsp(response) => response.put(&mut set),
        }
        let data_set = match data_set {
            DataSet::Absent => 0x0101,
            DataSet::Present => 0x0001,
        };
        set.put_number(element::COMMAND_FIELD, self.field())
            .put_number(element::DATA_SET_TYPE, data_set);
        set
    }

    /// Reads a command set.
    ///
    /// # Errors
    /// No command set, an unknown command field, or an element that is missing or wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<(Self, DataSet), CommandError> {
        let set = CommandSet::from_bytes(bytes)?;
        Ok((Self::from_set(&set)?, set.data_set()))
    }

    /// Reads the elements of a command set. Elements that the command does not have are ignored.
    ///
    /// # Errors
    /// An unknown command field, or an element that is missing or wrong.
    pub fn from_set(set: &CommandSet) -> Result<Self, CommandError> {
        let field = required(set.number(element::COMMAND_FIELD)?, element::COMMAND_FIELD)?;
        let normalized = NService::ALL
            .into_iter()
            .find(|&service| n_field(service) == field & !RESPONSE);
        Ok(
            match (field & !RESPONSE, field & RESPONSE != 0, normalized) {
                (ECHO, false, _) => Self::EchoRq(EchoRequest::read(set)?),
                (ECHO, true, _) => Self::EchoRsp(EchoResponse::read(set)?),
                (STORE, false, _) => Self::StoreRq(StoreRequest::read(set)?),
                (STORE, true, _) => Self::StoreRsp(StoreResponse::read(set)?),
                (FIND, false, _) => Self::FindRq(FindRequest::read(set)?),
                (FIND, true, _) => Self::FindRsp(FindResponse::read(set)?),
                (GET, false, _) => Self::GetRq(GetRequest::read(set)?),
                (GET, true, _) => Self::GetRsp(RetrieveResponse::read(set)?),
                (MOVE, false, _) => Self::MoveRq(MoveRequest::read(set)?),
                (MOVE, true, _) => Self::MoveRsp(RetrieveResponse::read(set)?),
                (CANCEL, false, _) => Self::CancelRq(CancelRequest::read(set)?),
                (_, false, Some(service)) => Self::NRq(NRequest::read(service, set)?),
                (_, true, Some(service)) => Self::NRsp(NResponse::read(service, set)?),
                _ => return Err(CommandError::Field(field)),
            },
        )
    }

    /// The command field (0000,0100).
    pub fn field(&self) -> u16 {
        match self {
            Self::EchoRq(_) => ECHO,
            Self::EchoRsp(_) => ECHO | RESPONSE,
            Self::StoreRq(_) => STORE,
            Self::StoreRsp(_) => STORE | RESPONSE,
            Self::FindRq(_) => FIND,
            Self::FindRsp(_) => FIND | RESPONSE,
            Self::GetRq(_) => GET,
            Self::GetRsp(_) => GET | RESPONSE,
            Self::MoveRq(_) => MOVE,
            Self::MoveRsp(_) => MOVE | RESPONSE,
            Self::CancelRq(_) => CANCEL,
            Self::NRq(request) => n_field(request.service),
            Self::NRsp(response) => n_field(response.service) | RESPONSE,
        }
    }

    /// The message ID of a request, or the one that a response or a cancel answers to.
    pub fn message_id(&self) -> u16 {
        match self {
            Self::EchoRq(EchoRequest { message_id, .. })
            | Self::EchoRsp(EchoResponse { message_id, .. })
            | Self::StoreRq(StoreRequest { message_id, .. })
            | Self::StoreRsp(StoreResponse { message_id, .. })
            | Self::FindRq(FindRequest { message_id, .. })
            | Self::FindRsp(FindResponse { message_id, .. })
            | Self::GetRq(GetRequest { message_id, .. })
            | Self::GetRsp(RetrieveResponse { message_id, .. })
            | Self::MoveRq(MoveRequest { message_id, .. })
            | Self::MoveRsp(RetrieveResponse { message_id, .. })
            | Self::CancelRq(CancelRequest {
                message_id_responded_to: message_id,
            })
            | Self::NRq(NRequest { message_id, .. })
            | Self::NRsp(NResponse { message_id, .. }) => *message_id,
        }
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::EchoRsp(EchoResponse { outcome, .. })
            | Self::StoreRsp(StoreResponse { outcome, .. })
            | Self::FindRsp(FindResponse { outcome, .. })
            | Self::GetRsp(RetrieveResponse { outcome, .. })
            | Self::MoveRsp(RetrieveResponse { outcome, .. })
            | Self::NRsp(NResponse { outcome, .. }) => Some(outcome.status),
            _ => None,
        }
    }

    /// Its name in PS3.7, as in `C-STORE-RQ`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::EchoRq(_) => "C-ECHO-RQ",
            Self::EchoRsp(_) => "C-ECHO-RSP",
            Self::StoreRq(_) => "C-STORE-RQ",
            Self::StoreRsp(_) => "C-STORE-RSP",
            Self::FindRq(_) => "C-FIND-RQ",
            Self::FindRsp(_) => "C-FIND-RSP",
            Self::GetRq(_) => "C-GET-RQ",
            Self::GetRsp(_) => "C-GET-RSP",
            Self::MoveRq(_) => "C-MOVE-RQ",
            Self::MoveRsp(_) => "C-MOVE-RSP",
            Self::CancelRq(_) => "C-CANCEL-RQ",
            Self::NRq(request) => n_name(request.service).0,
            Self::NRsp(response) => n_name(response.service).1,
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name(), self.message_id())?;
        self.status()
            .map_or(Ok(()), |status| write!(f, ": {status}"))
    }
}

fn n_field(service: NService) -> u16 {
    match service {
        NService::EventReport => 0x0100,
        NService::Get => 0x0110,
        NService::Set => 0x0120,
        NService::Action => 0x0130,
        NService::Create => 0x0140,
        NService::Delete => 0x0150,
    }
}

fn n_name(service: NService) -> (&'static str, &'static str) {
    match service {
        NService::EventReport => ("N-EVENT-REPORT-RQ", "N-EVENT-REPORT-RSP"),
        NService::Get => ("N-GET-RQ", "N-GET-RSP"),
        NService::Set => ("N-SET-RQ", "N-SET-RSP"),
        NService::Action => ("N-ACTION-RQ", "N-ACTION-RSP"),
        NService::Create => ("N-CREATE-RQ", "N-CREATE-RSP"),
        NService::Delete => ("N-DELETE-RQ", "N-DELETE-RSP"),
    }
}

pub(super) fn required<T>(value: Option<T>, element: u16) -> Result<T, CommandError> {
    value.ok_or(CommandError::Missing { element })
}

macro_rules! from_each {
    ($($variant:ident($command:ty)),* $(,)?) => {$(
        impl From<$command> for Command {
            fn from(command: $command) -> Self {
                Self::$variant(command)
            }
        }
    )*};
}
from_each! {
    EchoRq(EchoRequest), EchoRsp(EchoResponse), StoreRq(StoreRequest), StoreRsp(StoreResponse), FindRq(FindRequest),
    FindRsp(FindResponse), GetRq(GetRequest), MoveRq(MoveRequest), CancelRq(CancelRequest), NRq(NRequest), NRsp(NResponse),
}

/// Why a command set is not a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Not readable as elements, or a value of the wrong shape.
    #[error(transparent)]
    Set(#[from] SetError),
    /// A command field that PS3.7 Annex E does not know.
    #[error("unknown command field {0:04X}H")]
    Field(u16),
    /// An element that the command must have.
    #[error("(0000,{element:04X}) is missing")]
    Missing {
        /// Its number.
        element: u16,
    },
}
