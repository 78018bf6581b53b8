use dicom_core::{DataElement, PrimitiveValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Of an attribute with several values each match has the first one.
///
/// On the wire: Modalities in Study (or the attribute given) with one value where the study has more. Archives do it that keep a column for one value. A good client does not conclude from one
/// modality that there is no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FirstValueOnly {
    /// Keyword or tag.
    pub attribute: AttributeTag,
}

impl Default for FirstValueOnly {
    fn default() -> Self {
        Self {
            attribute: AttributeTag(dicom_dictionary_std::tags::MODALITIES_IN_STUDY),
        }
    }
}

impl Fault for FirstValueOnly {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Row { row, .. }, .. }) if row.get(self.attribute.0).is_some_and(|element| element.value().multiplicity() > 1))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Row { row, .. } = &mut shape.form else {
            return;
        };
        let Some(element) = row.get(self.attribute.0) else {
            return;
        };
        let first = element
            .to_multi_str()
            .ok()
            .and_then(|values| values.first().cloned());
        let element = DataElement::new(
            self.attribute.0,
            element.vr(),
            PrimitiveValue::from(first.unwrap_or_default()),
        );
        row.put(element);
    }
}
