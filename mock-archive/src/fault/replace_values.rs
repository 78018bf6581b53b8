use dicom_core::{DataElement, PrimitiveValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// An attribute of each match of a search has another value than was stored.
///
/// On the wire: rows of QIDO-RS and C-FIND in which this attribute, where it is present, says something else. Archives do it whose database was corrected and whose
/// files were not, or that coerce names. A good client treats rows as hints and shows identity from the instance itself before a person acts on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplaceValues {
    /// Keyword such as `PatientName`, or tag such as `00100010`.
    pub attribute: AttributeTag,
    /// The value in its place; empty = present without a value.
    pub value: String,
}

impl Default for ReplaceValues {
    fn default() -> Self {
        Self { attribute: AttributeTag(dicom_dictionary_std::tags::PATIENT_NAME), value: "Replaced^Name".to_owned() }
    }
}

impl Fault for ReplaceValues {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Row { row, .. }, .. }) if row.get(self.attribute.0).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Row { row, .. } = &mut shape.form else { return };
        let Some(vr) = row.get(self.attribute.0).map(|element| element.header().vr) else { return };
        let value = if self.value.is_empty() { PrimitiveValue::Empty } else { PrimitiveValue::from(self.value.as_str()) };
        row.put(DataElement::new(self.attribute.0, vr, value));
    }
}
