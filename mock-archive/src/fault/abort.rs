use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::Scene;

/// An association is aborted in place of an answer (A-ABORT, PS3.8 9.3.8).
///
/// On the wire: the PDU with this source and reason, in place of A-ASSOCIATE-AC or of the response to an operation, then the end of the connection. Archives do it that run out of memory or threads, and on
/// whatever they do not expect. A good client says that it was aborted and by whom, takes what it has no answer for as unknown, and tries again on a new association, a bounded number of times.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Abort {
    /// 0 service user, 2 service provider.
    pub source: u8,
    /// With source 2: 0 none given, 1 unrecognized PDU, 2 unexpected PDU, 4 unrecognized parameter, 5 unexpected parameter, 6 invalid parameter value.
    pub reason: u8,
}

impl Fault for Abort {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Dimse && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.ruling = Ruling::Abort {
            source: self.source,
            reason: self.reason,
        };
    }
}
