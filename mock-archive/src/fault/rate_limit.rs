use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::http_status::BodyKind;
use super::{Fault, HttpStatus};
use crate::moment::{Admit, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::{Meter, Scene};

/// Requests that come too fast get a status and nothing is done for them.
///
/// On the wire: as many answers as usual, then 429 with Retry-After until the rate is kept again: a bucket of `burst` requests that is filled at `per-second`. Google's
/// and Azure's services do it, and gateways before archives. A good client sends few requests at a time, waits as long as Retry-After says before it sends any other,
/// and gives up after a bounded number of tries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RateLimit {
    /// Requests a second that are answered for long.
    pub per_second: f64,
    /// Requests that are answered at once after a pause.
    pub burst: u32,
    /// Status of the others.
    pub status: u16,
    /// Value of their Retry-After.
    pub retry_after: Option<String>,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self {
            per_second: 5.0,
            burst: 10,
            status: 429,
            retry_after: Some("1".to_owned()),
        }
    }
}

impl Fault for RateLimit {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.admission.proceeds())
    }

    fn is_due(&self, _scene: &Scene<'_, '_>, meter: &mut Meter) -> bool {
        meter.overflows(self.per_second, f64::from(self.burst))
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let status = HttpStatus {
            status: self.status,
            retry_after: self.retry_after.clone(),
            body: BodyKind::Text,
        };
        admit.admission.ruling = Ruling::Answer(status.answer());
    }
}
