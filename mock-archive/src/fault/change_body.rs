use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// The body of an HTTP answer is another one, or a text in it is.
///
/// On the wire: the right head over an empty body, an error page, or a body in which one thing is wrong. Proxies answer 200 with HTML when they have lost the archive; archives
/// leave errors without a body. A good client looks at what came before it reads it, and says what it got.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeBody {
    /// The statuses that are concerned; none = every one.
    pub status: Vec<u16>,
    /// The text in the body that is replaced; empty = all of it. Only bodies of up to 1 MiB are looked through.
    pub find: String,
    /// What it is replaced by.
    pub value: String,
}

impl Fault for ChangeBody {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { status, .. }, .. })
            if self.status.is_empty() || self.status.contains(status))
    }

    fn send(&self, send: &mut Send<'_>) {
        if self.find.is_empty() {
            send.delivery.instead = Some(Bytes::from(self.value.clone()));
        } else {
            send.delivery.replace = Some((self.find.clone(), self.value.clone()));
        }
    }
}
