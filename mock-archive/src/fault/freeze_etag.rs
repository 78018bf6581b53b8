use bytes::Bytes;
use http::HeaderValue;
use http::header::{ETAG, IF_NONE_MATCH};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// The entity tag of a resource stays what it is whatever becomes of the resource.
///
/// On the wire: the same ETag on every answer, and 304 without a body to every client that has one (RFC 9110 13.1.2). dcm4chee did it after instances had been
/// added or changed. A good client does not rely on validators across a change that it knows of, and asks again without them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FreezeEtag {
    /// The tag, without its quotes.
    pub tag: String,
}

impl Default for FreezeEtag {
    fn default() -> Self {
        Self {
            tag: "frozen".to_owned(),
        }
    }
}

impl Fault for FreezeEtag {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { status, .. }, .. }) if matches!(**status, 200 | 304))
    }

    fn send(&self, send: &mut Send<'_>) {
        let Head::Web { status, headers } = &mut send.head else {
            return;
        };
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.tag)) {
            headers.insert(ETAG, tag);
        }
        if send.request.headers.contains_key(IF_NONE_MATCH) {
            **status = 304;
            send.delivery.instead = Some(Bytes::new());
        }
    }
}
