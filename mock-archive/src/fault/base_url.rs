use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment};
use crate::request::Protocol;
use crate::rule::Scene;

/// The links in answers lead somewhere else: the archive does not know under which URL it is reached.
///
/// On the wire: Retrieve URLs, BulkDataURIs, Location and the base of the capabilities begin with this text in place of the service's URL. Archives behind a proxy do it that are
/// not told their name: localhost, http in place of https, an internal host, a path. A good client resolves links against the URL that it asked, and keeps to its own host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BaseUrl {
    /// What links begin with, without a slash at the end; empty makes them relative.
    pub base: String,
}

impl Default for BaseUrl {
    fn default() -> Self {
        Self {
            base: "http://localhost:9/dicomweb".to_owned(),
        }
    }
}

impl Fault for BaseUrl {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.base = Some(self.base.clone());
    }
}
