use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Pdvs};
use crate::request::Service;
use crate::rule::Scene;

/// The archive takes the first PDV of a message for the whole message.
///
/// On the wire: a command or data set in several PDVs is not understood and the association is aborted; PS3.8 E.1 allows any number of fragments. Embedded
/// stacks did it that were only ever tested with one peer. A good client may send small messages in one PDV, and reports the abort as a failure of the operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FirstPdvOnly {}

impl Fault for FirstPdvOnly {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.service == Service::Associate)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.pdvs = Pdvs::One;
    }
}
