use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// An answer over HTTP lacks header fields.
///
/// On the wire: the answer without these fields. Orthanc sends no ETag, Vary, Location or CORS field at all; proxies take away what they do not know, Content-Type
/// now and then. A good client takes every field that it does not need to frame the message as optional: it does not fail for want of an ETag, and looks at the
/// first bytes of a body whose type nobody names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropHeaders {
    /// Names of the fields, in any case.
    pub names: Vec<String>,
}

impl Default for DropHeaders {
    fn default() -> Self {
        Self {
            names: vec!["content-type".to_owned()],
        }
    }
}

impl Fault for DropHeaders {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { headers, .. }, .. })
            if self.names.iter().any(|name| headers.contains_key(name.as_str())))
    }

    fn send(&self, send: &mut Send<'_>) {
        if let Head::Web { headers, .. } = &mut send.head {
            for name in &self.names {
                headers.remove(name.as_str());
            }
        }
    }
}
