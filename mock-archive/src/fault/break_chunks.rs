use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Chunking, Head, Moment, Send};
use crate::rule::Scene;

/// The chunks of an answer are framed wrongly.
///
/// On the wire: a chunked body without its last chunk, or whose first chunk has a size that is no number. Archives do it whose process dies while it writes, and proxies that are
/// restarted. A good client takes neither for a whole answer, whatever came before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BreakChunks {
    /// What is wrong.
    pub how: Chunking,
}

impl Default for BreakChunks {
    fn default() -> Self {
        Self { how: Chunking::NoLast }
    }
}

impl Fault for BreakChunks {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Web { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.framing.chunks = self.how;
    }
}
