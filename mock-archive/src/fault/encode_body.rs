use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Coding, Head, Moment, Send};
use crate::rule::Scene;

/// The content coding of an answer is one that was not agreed to, or not the one that is named.
///
/// On the wire: gzip for clients that do not accept it, gzip that is only claimed, gzip within gzip under one name, or gzip without a name. Proxies do it that compress what is
/// compressed already, or forget the header field. A good client decodes what the head says, knows gzip by its first two bytes where that fails, and reports the rest as damaged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct EncodeBody {
    /// What is done.
    pub coding: Coding,
}

impl Fault for EncodeBody {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Web { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.coding = Some(self.coding);
    }
}
