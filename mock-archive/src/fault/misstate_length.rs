use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// Content-Length is not the length of the body.
///
/// On the wire: a number that is so much too high or too low, the true body, then the end of the connection. CGI programs do it, and proxies that change a body and
/// forget its length. A good client takes a body that is too short for a failure and not for an answer, never waits for the rest without a deadline, and ends a connection on which more
/// comes than was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct MisstateLength {
    /// Is added to the length.
    pub by: i64,
}

impl Default for MisstateLength {
    fn default() -> Self {
        Self { by: 10 }
    }
}

impl Fault for MisstateLength {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Web { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.framing.length_by = self.by;
    }
}
