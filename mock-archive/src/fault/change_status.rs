use bytes::Bytes;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// An answer over HTTP has another status than the one it was made with.
///
/// On the wire: everything was done as asked, and the body is the one that belongs to the true status, or there is none; only the status line says something else. Orthanc says 400
/// where another type was wanted than it has (406), and for a frame beyond the last (404); proxies make one status of many, or 200 of all. A good client goes by
/// the class of a status (4xx is its own fault, 5xx the archive's), reads the body of an error, and does not take 200 for success where the body says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeStatus {
    /// Status that goes out.
    pub to: u16,
    /// Statuses that it stands for; none given = every 4xx and 5xx.
    pub of: Vec<u16>,
    /// Whether the body is left out.
    pub empty: bool,
}

impl Default for ChangeStatus {
    fn default() -> Self {
        Self {
            to: 200,
            of: Vec::new(),
            empty: false,
        }
    }
}

impl ChangeStatus {
    fn is_meant(&self, status: u16) -> bool {
        status != self.to
            && match &self.of[..] {
                [] => status >= 400,
                listed => listed.contains(&status),
            }
    }
}

impl Fault for ChangeStatus {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { status, .. }, .. }) if self.is_meant(**status))
    }

    fn send(&self, send: &mut Send<'_>) {
        if let Head::Web { status, headers } = &mut send.head {
            **status = self.to;
            if self.empty {
                headers.remove(CONTENT_TYPE);
                send.delivery.instead = Some(Bytes::new());
            }
        }
    }
}
