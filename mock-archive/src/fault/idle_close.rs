use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Connect, Idle, Manner, Moment};

/// A connection ends when nothing has passed on it for a while.
///
/// On the wire: everything as usual, but an association or a kept HTTP connection that stands idle so long is closed or reset, and so is an answer that takes longer.
/// Balancers and firewalls do it, after seconds, and so do archives with short timeouts. A good client opens another connection when a kept one
/// turns out to be closed, and sends again what cannot have been read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IdleClose {
    /// For how long nothing has to pass.
    pub after: Span,
    /// How the connection ends.
    pub manner: Manner,
}

impl Default for IdleClose {
    fn default() -> Self {
        Self {
            after: Span(Duration::from_secs(1)),
            manner: Manner::Close,
        }
    }
}

impl Fault for IdleClose {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.idle = Some(Idle {
            after: self.after.0,
            manner: self.manner,
        });
    }
}
