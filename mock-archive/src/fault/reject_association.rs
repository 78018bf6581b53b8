use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Rejection, Ruling};
use crate::request::Service;
use crate::rule::Scene;

/// An association is rejected (A-ASSOCIATE-RJ, PS3.8 9.3.4).
///
/// On the wire: the PDU with these three values, in place of A-ASSOCIATE-AC. Archives do it for AE titles they do not know (result 1, source 1, reason 3 or 7),
/// and when too many associations are open (result 2, source 3, reason 2: dcmqrscp, Horos). A good client tells the three values in words, tries again only when
/// the result is transient, and never shows a rejected search as an empty one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RejectAssociation {
    /// 1 rejected permanent, 2 rejected transient.
    pub result: u8,
    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    pub source: u8,
    /// Reason within the source: for 1: 1 none given, 2 application context, 3 calling AE title, 7 called AE title; for 2: 1 none given, 2 protocol version;
    /// for 3: 1 temporary congestion, 2 local limit exceeded.
    pub reason: u8,
}

impl Default for RejectAssociation {
    fn default() -> Self {
        Self { result: 1, source: 1, reason: 1 }
    }
}

impl Fault for RejectAssociation {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.service == Service::Associate && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let Self { result, source, reason } = *self;
        admit.admission.ruling = Ruling::Reject(Rejection { result, source, reason });
    }
}
