use dicom_core::{DataElement, PrimitiveValue};
use dicom_wire::query::Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// An attribute is in each match that does not belong there.
///
/// On the wire: rows of QIDO-RS and C-FIND with one attribute more, such as one of a lower level, which PS3.18 10.6.3.3.1 forbids. Archives do it that flatten a table of instances; Orthanc
/// adds Modality to studies when it is asked to. A good client ignores what it did not ask for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AddAttribute {
    /// Keyword or tag.
    pub attribute: AttributeTag,
    /// Its value.
    pub value: String,
}

impl Default for AddAttribute {
    fn default() -> Self {
        Self {
            attribute: AttributeTag(dicom_dictionary_std::tags::MODALITY),
            value: "CT".to_owned(),
        }
    }
}

impl Fault for AddAttribute {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Row { row, .. }, .. }) if row.get(self.attribute.0).is_none())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Row { row, .. } = &mut shape.form {
            let value = PrimitiveValue::from(self.value.as_str());
            row.put(DataElement::new(
                self.attribute.0,
                Path::from(self.attribute.0).vr(),
                value,
            ));
        }
    }
}
