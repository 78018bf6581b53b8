//! The moment at which a piece of what a client sends has come: a PDU of an association, a part of a store request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Manner;
use crate::request::Request;

/// A piece of a message has come, and nothing has been done with it.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// What it belongs to: the association, or the store request.
    pub request: &'a Request,
    /// What has come.
    pub piece: Piece,
    /// Which one it is of its kind on this association or in this request; 1 for the first.
    pub number: u64,
    /// What happens now.
    pub onward: Onward,
}

/// What has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Piece {
    /// A P-DATA-TF PDU of an association (PS3.8 9.3.5).
    #[default]
    Pdu,
    /// The head of a part of a multipart body; its content is still to come.
    Part,
}

/// What happens after a piece has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Onward {
    /// It is taken in.
    #[default]
    GoOn,
    /// The connection ends.
    End(Manner),
    /// Association: A-ABORT with this source and reason (PS3.8 9.3.8). Over HTTP the connection is closed.
    Abort(u8, u8),
}
