use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::request::Protocol;
use crate::rule::Scene;

/// A search with a key for one of these attributes is refused.
///
/// On the wire: this status to a QIDO-RS search, whatever else it asks for; C-FIND is as before. Google Healthcare refuses SOPClassUID, Azure what it does not index. A good client
/// says which key the archive refused, and does not show an empty list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RejectKeys {
    /// Attributes whose keys are refused.
    pub attributes: Vec<AttributeTag>,
    /// Status code.
    pub status: u16,
}

impl Default for RejectKeys {
    fn default() -> Self {
        Self {
            attributes: vec![AttributeTag(dicom_dictionary_std::tags::SOP_CLASS_UID)],
            status: 400,
        }
    }
}

impl Fault for RejectKeys {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { request, form: Form::Search(search) }) if request.protocol == Protocol::Web && search.query.keys.iter().any(|key| self.attributes.iter().any(|attribute| key.path.tags().contains(&attribute.0))))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            search.refused = Some(self.status);
        }
    }
}
