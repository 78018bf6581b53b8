use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, HttpStatus};
use crate::moment::{Admit, Heard, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::Scene;

/// A request is refused before its body is read, or only after all of it.
///
/// On the wire: the status at once, while the client still sends, and the end of the connection; or 100 where the client asks whether it may send, the whole upload, and only then the
/// status. Application servers behind a proxy that buffers do the second: gigabytes for a 401. A good client asks with Expect where much is to be sent, reads answers while it sends, and
/// tries credentials on something small first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LateStatus {
    /// Status code.
    pub status: u16,
    /// How much of the body is read first.
    pub heard: Heard,
}

impl Default for LateStatus {
    fn default() -> Self {
        Self {
            status: 401,
            heard: Heard::Everything,
        }
    }
}

impl Fault for LateStatus {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let mut answer = HttpStatus::new(self.status).answer();
        if self.status == 401 {
            answer.challenge("Bearer realm=\"archive\"");
        }
        admit.admission.ruling = Ruling::Answer(answer);
        admit.admission.heard = self.heard;
    }
}
