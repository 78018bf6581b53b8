use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment};
use crate::policy::Delete;
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// Studies can be deleted over HTTP although nothing announces it.
///
/// On the wire: 204 to DELETE, and the instances are gone; OPTIONS and the capabilities do not mention the method. Archives do it that open their management interface below the
/// service's URL. A good client never sends DELETE to find out whether it works.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowDelete {}

impl Fault for AllowDelete {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.request.service == Service::Delete)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.delete = Some(Delete::Allowed);
    }
}
