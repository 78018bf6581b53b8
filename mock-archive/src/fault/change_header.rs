use http::{HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// A header field of an HTTP answer has another value, or comes twice.
///
/// On the wire: the right answer under a head that does not fit: another Content-Type, or two of them; a Location that leads nowhere. Orthanc 1.12 sends two types with an error,
/// Google XML under the name of JSON. A good client recognises a body by its first bytes where the type is doubtful, and takes the first of two that fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeHeader {
    /// Name of the header field.
    pub field: String,
    /// Its value.
    pub value: String,
    /// Whether the value comes beside what is there.
    pub twice: bool,
    /// The statuses that are concerned; none = every one.
    pub status: Vec<u16>,
}

impl Default for ChangeHeader {
    fn default() -> Self {
        Self {
            field: "content-type".to_owned(),
            value: "text/plain".to_owned(),
            twice: false,
            status: Vec::new(),
        }
    }
}

impl Fault for ChangeHeader {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { status, .. }, .. })
            if self.status.is_empty() || self.status.contains(status))
    }

    fn send(&self, send: &mut Send<'_>) {
        let Head::Web { headers, .. } = &mut send.head else {
            return;
        };
        let Ok(name) = HeaderName::from_bytes(self.field.as_bytes()) else {
            return;
        };
        if !self.twice {
            headers.remove(&name);
        }
        if let Ok(value) = HeaderValue::from_str(&self.value) {
            headers.append(name, value);
        }
    }
}
