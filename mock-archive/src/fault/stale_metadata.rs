use dicom_core::{DataElement, PrimitiveValue};
use dicom_dictionary_std::tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Metadata has a value that the instance has no more.
///
/// On the wire: WADO-RS metadata with this value for the attribute, and the instance itself with another. Archives do it that answer from a cache or a database which a correction or a second upload did not reach. A good client takes identity from
/// the instance before a person acts on it, and does not mend files from metadata.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct StaleMetadata {
    /// Keyword or tag.
    pub attribute: AttributeTag,
    /// Its value of before.
    pub value: String,
}

impl Default for StaleMetadata {
    fn default() -> Self {
        Self {
            attribute: AttributeTag(tags::PATIENT_NAME),
            value: "Former^Name".to_owned(),
        }
    }
}

impl Fault for StaleMetadata {
    fn moment(&self) -> Moment {
        Moment::Dataset
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Dataset { dataset, .. }, .. })
            if dataset.get(self.attribute.0).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Dataset { dataset, .. } = &mut shape.form else {
            return;
        };
        let vr = dataset.get(self.attribute.0).map(|element| element.header().vr);
        if let Some(vr) = vr {
            let value = PrimitiveValue::from(self.value.as_str());
            dataset.put(DataElement::new(self.attribute.0, vr, value));
        }
    }
}
