use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// Answers are in HTTP/1.0.
///
/// On the wire: that version in the status line, neither Content-Length nor chunks, and a body that ends with the connection. Old proxies do it, and small web servers in devices.
/// A good client reads to the end, opens another connection for the next request, and cannot know that a body is whole but by what is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OldHttp {}

impl Fault for OldHttp {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Web { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.version_1_0 = true;
    }
}
