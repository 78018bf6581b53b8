use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// One part that cannot be understood makes the whole STOW-RS request an error, although others were stored.
///
/// On the wire: this status and no store response, where 202 with the failed part in its place is due (PS3.18 10.5.3.1, I.1). Orthanc answers 400 and dcm4chee answered 500, and
/// keep the good parts. A good client sends the parts of such a request again one by one, after it has asked which are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailOnBadPart {
    /// Status that goes out.
    pub status: u16,
}

impl Default for FailOnBadPart {
    fn default() -> Self {
        Self { status: 500 }
    }
}

impl Fault for FailOnBadPart {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { request, head: Head::Web { status, .. }, .. })
            if request.protocol == Protocol::Web && request.service == Service::Store && **status == 202
                && request.scope.study.is_none())
    }

    fn send(&self, send: &mut Send<'_>) {
        if let Head::Web { status, headers } = &mut send.head {
            **status = self.status;
            headers.remove(http::header::CONTENT_TYPE);
            headers.remove(http::header::LOCATION);
            send.delivery.instead = Some(Bytes::new());
        }
    }
}
