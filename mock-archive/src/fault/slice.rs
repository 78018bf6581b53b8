use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Connect, Direction, Moment, Slices};

/// Bytes pass in small pieces.
///
/// On the wire: each write of the archive goes out as many, cut anywhere, with a pause between them if one is given; what the client sends is read likewise. Lines
/// with small segments do it, and TLS terminators. A good client never takes a read for a message: a PDU, a chunk, a delimiter or a character may end in the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Slice {
    /// Bytes in a piece.
    pub size: usize,
    /// How many more or fewer at most; drawn for each piece.
    pub vary: usize,
    /// Time between two pieces.
    pub pause: Span,
    /// Which way; both if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

impl Default for Slice {
    fn default() -> Self {
        Self {
            size: 7,
            vary: 6,
            pause: Span(Duration::ZERO),
            direction: None,
        }
    }
}

impl Fault for Slice {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.slices = Some(Slices {
            size: self.size,
            vary: self.vary,
            pause: self.pause.0,
            direction: self.direction,
        });
    }
}
