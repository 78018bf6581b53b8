use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, HttpStatus};
use crate::moment::{Admit, BodyLimit, LimitedAt, Moment};
use crate::request::Protocol;
use crate::rule::Scene;

/// A request whose body is too long is refused, by what stands before the archive.
///
/// On the wire: 413, as soon as Content-Length is read, in the middle of the body, or after all of it; in the first two cases the connection ends while the client may still
/// be sending. nginx (1 MiB unless told otherwise), gateways and application servers do it. A good client reads answers while it sends, sends fewer instances a request after a 413,
/// and asks what of the failed request has been stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LimitBody {
    /// Bytes that are taken.
    pub bytes: u64,
    /// When the others are refused.
    pub when: LimitedAt,
    /// With which status.
    pub status: u16,
}

impl Default for LimitBody {
    fn default() -> Self {
        Self {
            bytes: 1024 * 1024,
            when: LimitedAt::Header,
            status: 413,
        }
    }
}

impl Fault for LimitBody {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.body_limit = Some(Box::new(BodyLimit {
            bytes: self.bytes,
            answer: HttpStatus::new(self.status).answer(),
            when: self.when,
        }));
    }
}
