use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Moment, UpperLayer as Habit};
use crate::request::Protocol;
use crate::rule::Scene;

/// The upper layer of DIMSE treats what comes otherwise than PS3.8 says.
///
/// On the wire: nothing unusual, until a peer does what this archive does not bear or should not bear: see the habits. Embedded stacks have them that
/// were only ever tried with one peer, and archives whose state machine has no row for the case. A good client keeps within what any archive bears, gives every
/// wait an end, and tells an abort or a lost connection from an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpperLayer {
    /// What it does.
    pub habit: Habit,
}

impl Default for UpperLayer {
    fn default() -> Self {
        Self {
            habit: Habit::UnknownPduIgnored,
        }
    }
}

impl Fault for UpperLayer {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Connect(connect) if connect.protocol == Protocol::Dimse)
    }

    fn connect(&self, connect: &mut Connect) {
        connect.upper.add(self.habit);
    }
}
