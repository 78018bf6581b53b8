use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// An answer comes in a great many chunks of a few bytes.
///
/// On the wire: a chunked body, each chunk so small, with a pause between two. Archives do it that write each attribute or line by itself and flush. A good client does not take
/// a chunk for a unit of anything, and has a deadline for silence, not for the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Dribble {
    /// Bytes in a chunk.
    pub bytes: usize,
    /// Time between two.
    pub pause: Span,
}

impl Default for Dribble {
    fn default() -> Self {
        Self {
            bytes: 16,
            pause: Span(Duration::ZERO),
        }
    }
}

impl Fault for Dribble {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Web { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.dribble = Some((self.bytes, self.pause.0));
    }
}
