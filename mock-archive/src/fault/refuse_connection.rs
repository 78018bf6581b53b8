use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Connect, Moment};

/// A connection is refused, and all others for a while if that is said.
///
/// On the wire: a reset before any byte. If it is `down`, the port is closed as well for so long: connections that are open there end, new ones are refused by the
/// system, then all is as before. Archives do it that restart or are updated. A good client reports that nothing was sent, waits longer from try to try, and
/// sends again only what it has no answer for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefuseConnection {
    /// How long nobody listens on the port.
    pub down: Span,
}

impl Default for RefuseConnection {
    fn default() -> Self {
        Self {
            down: Span(Duration::ZERO),
        }
    }
}

impl Fault for RefuseConnection {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.refuse = true;
        connect.line.outage = connect.line.outage.max(self.down.0);
    }
}
