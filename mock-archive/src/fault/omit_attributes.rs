use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Attributes are left out of matches.
///
/// On the wire: rows of QIDO-RS and C-FIND without these attributes, neither with a value nor without. Most archives leave out some of what tables 10.6.3-3
/// to 10.6.3-5 require. A good client treats what is not there as not known, and asks for it another way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OmitAttributes {
    /// Which attributes.
    pub attributes: Vec<AttributeTag>,
}

impl Default for OmitAttributes {
    fn default() -> Self {
        Self {
            attributes: vec![AttributeTag(dicom_dictionary_std::tags::STUDY_ID)],
        }
    }
}

impl Fault for OmitAttributes {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Row { row, .. }, .. }) if self.attributes.iter().any(|attribute| row.get(attribute.0).is_some()))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Row { row, .. } = &mut shape.form {
            for attribute in &self.attributes {
                row.remove_element(attribute.0);
            }
        }
    }
}
