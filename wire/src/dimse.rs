//! DIMSE messages (PS3.7): command sets, statuses, and their way through presentation data values.
//!
//! A message is a [`Command`] and, for some, a data set. [`Message::to_pdus`] turns one into P-DATA-TF PDUs;
//! coming in, [`pdv::read_body`] and [`pdv::Assembler`] give commands whole and data sets as they arrive.
//!
//! ```
//! use dicom_wire::dimse::{Command, DataSet, EchoRequest};
//!
//! let echo = Command::from(EchoRequest::new(1));
//! let bytes = echo.to_bytes(DataSet::Absent);
//! assert_eq!(Command::from_bytes(&bytes)?, (echo, DataSet::Absent));
//! # Ok::<(), dicom_wire::dimse::CommandError>(())
//! ```

mod command;
mod message;
pub mod pdv;
mod request;
mod response;
mod set;
mod status;

pub use command::{Command, CommandError};
pub use message::{Collector, Message};
pub use request::{
    CancelRequest, EchoRequest, FindRequest, GetRequest, MoveRequest, NRequest, NService,
    Originator, Priority, StoreRequest,
};
pub use response::{
    EchoResponse, FindResponse, NResponse, Outcome, RetrieveResponse, StoreResponse, SubOperations,
};
pub use set::{CommandSet, DataSet, Irregularity, SetError, element};
pub use status::{Status, StatusClass};
