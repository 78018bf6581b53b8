use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Arrival, Manner, Moment, Onward, Piece};
use crate::rule::Scene;

/// What a client sends is broken off while it comes, at a PDU or at a part.
///
/// On the wire: nothing unusual up to the PDU (P-DATA-TF) or the part of a store request at which the rule acts, then A-ABORT or the end of the connection, before that piece is looked at; what came whole before is stored. Archives do it
/// that run out of memory within a large instance, or whose workers are restarted. A good client takes everything without an answer as unknown, looks up what is there, and sends the rest again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BreakOff {
    /// At which pieces.
    pub at: Piece,
    /// How.
    pub how: Break,
}

/// How an upload is broken off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Break {
    /// A-ABORT by the provider, without a reason; over HTTP the connection is closed.
    #[default]
    Abort,
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// The connection stays open, and nothing more comes.
    Stall,
}

impl Fault for BreakOff {
    fn moment(&self) -> Moment {
        Moment::Arrival
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Arrival(arrival) if arrival.piece == self.at && arrival.onward == Onward::GoOn)
    }

    fn arrive(&self, arrival: &mut Arrival<'_>) {
        arrival.onward = match self.how {
            Break::Abort => Onward::Abort(2, 0),
            Break::Close => Onward::End(Manner::Close),
            Break::Reset => Onward::End(Manner::Reset),
            Break::Stall => Onward::End(Manner::Stall),
        };
    }
}
