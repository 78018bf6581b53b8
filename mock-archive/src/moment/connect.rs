//! The moment at which a connection was accepted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Habits, Line, UpperLayer};
use crate::request::Protocol;

/// A connection was accepted; nothing has been read or written.
#[derive(Debug)]
pub struct Connect {
    /// Which listener accepted it.
    pub protocol: Protocol,
    /// 1 for the first connection of this archive, over both protocols.
    pub number: u64,
    /// How many are open, this one included.
    pub open: usize,
    /// How the bytes shall pass.
    pub line: Line,
    /// DIMSE: how the upper layer shall treat what comes.
    pub upper: Habits<UpperLayer>,
}

/// How and when a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Number of bytes that still pass.
    pub after: u64,
    /// Which way the bytes are counted.
    pub direction: Direction,
    /// In which manner it ends.
    pub manner: Manner,
}

/// Which way bytes go, seen from the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the client.
    Inbound,
    /// To the client.
    Outbound,
}

/// How a connection or a body ends before its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Close in order (FIN): the peer sees the end of the stream.
    #[default]
    Close,
    /// Reset (RST): the peer sees an error.
    Reset,
    /// Nothing more comes, and the connection stays open.
    Stall,
}
