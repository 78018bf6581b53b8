use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, AttributesAs, Moment};
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// Matches are given as JSON to those who accept only XML.
///
/// On the wire: application/dicom+json where the Accept header asks for multipart/related; type="application/dicom+xml", and no 406. Orthanc 1.10 does it. A good client looks at the content type
/// before it reads a body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonAlways {}

impl Fault for JsonAlways {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.request.service == Service::Search)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.attributes = AttributesAs::Json;
    }
}
