use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{self, Connect, Direction, Moment};

/// A connection stands still for a while in the middle, then goes on.
///
/// On the wire: so many bytes as usual, then none in that direction for that long, then the rest. Archives do it whose disk is busy or whose tape has to be
/// fetched, and stateful firewalls that change over. A good client waits as long as its deadline says, goes on where it was, and repeats nothing meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stall {
    /// Bytes that pass before.
    pub after: u64,
    /// How long nothing passes.
    pub lasts: Span,
    /// Which way.
    pub direction: Direction,
}

impl Default for Stall {
    fn default() -> Self {
        Self {
            after: 0,
            lasts: Span(Duration::from_secs(10)),
            direction: Direction::Outbound,
        }
    }
}

impl Fault for Stall {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.stall = Some(moment::Stall {
            after: self.after,
            lasts: self.lasts.0,
            direction: self.direction,
        });
    }
}
