use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Delimiter, Moment};
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// The archive takes the boundary of a multipart body for a delimiter wherever it finds it, inside pixel data too.
///
/// On the wire: an upload whose bytes hold the boundary in the middle of a line is cut there, and its instance is refused or lost; RFC 2046 5.1.1 allows a
/// delimiter at the start of a line only. Orthanc 1.10 did it. A good client chooses a boundary that its parts do not contain.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundaryAnywhere {}

impl Fault for BoundaryAnywhere {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.request.service == Service::Store)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.delimiter = Delimiter::Anywhere;
    }
}
