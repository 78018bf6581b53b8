use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Manner, Moment};
use crate::rule::Scene;

/// Only so many connections are served at once.
///
/// On the wire: one connection more is reset, closed, or accepted and never answered, as by a full queue; the others do not notice. Archives do it with a small pool of
/// threads or licences. A good client opens few connections, uses them again, and waits for one of its own to end before it tries another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConnections {
    /// How many are served, over both protocols.
    pub most: usize,
    /// What happens to one more.
    pub manner: Manner,
}

impl Default for LimitConnections {
    fn default() -> Self {
        Self {
            most: 1,
            manner: Manner::Reset,
        }
    }
}

impl Fault for LimitConnections {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Connect(connect) if connect.open > self.most)
    }

    fn connect(&self, connect: &mut Connect) {
        match self.manner {
            Manner::Reset => connect.line.refuse = true,
            Manner::Stall => connect.line.silent = true,
            Manner::Close => {
                connect.line.ending = Some(crate::moment::Ending {
                    after: 0,
                    direction: crate::moment::Direction::Inbound,
                    manner: Manner::Close,
                });
            }
        }
    }
}
