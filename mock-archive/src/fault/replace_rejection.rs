use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Ruling};
use crate::request::Service;
use crate::rule::Scene;

/// An association that is rejected is rejected for another reason than the real one (PS3.8 9.3.4).
///
/// On the wire: A-ASSOCIATE-RJ as it would be, but for its reason. Archives say "no reason given", or mix up the called and the calling AE title.
/// A good client shows the reason and the two AE titles it used, since either may be the wrong one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ReplaceRejection {
    /// Only rejections for this reason; none given = all.
    pub instead_of: Option<u8>,
    /// The reason that goes out.
    pub reason: u8,
}

impl Fault for ReplaceRejection {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Admit(admit) = scene else {
            return false;
        };
        let Ruling::Reject(rejection) = &admit.admission.ruling else {
            return false;
        };
        admit.request.service == Service::Associate
            && self.instead_of.is_none_or(|reason| reason == rejection.reason)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        if let Ruling::Reject(rejection) = &mut admit.admission.ruling {
            rejection.reason = self.reason;
        }
    }
}
