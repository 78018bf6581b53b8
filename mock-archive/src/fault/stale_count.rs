use dicom_core::{DataElement, PrimitiveValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A count in a search row is behind the truth, or ahead of it.
///
/// On the wire: Number of Study Related Instances (or the attribute given) is smaller by so many, as it was before the last ones arrived, or larger, as where some were deleted. Archives do it that count
/// when a study has come to rest. A good client does not take the count for proof that a study is complete, or that it is not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StaleCount {
    /// Keyword or tag of the count.
    pub attribute: AttributeTag,
    /// How far behind; ahead if it is negative.
    pub behind: i32,
}

impl Default for StaleCount {
    fn default() -> Self {
        Self { attribute: AttributeTag(dicom_dictionary_std::tags::NUMBER_OF_STUDY_RELATED_INSTANCES), behind: 1 }
    }
}

impl StaleCount {
    fn stale(&self, shape: &Shape<'_>) -> Option<u32> {
        let Form::Row { row, .. } = &shape.form else { return None };
        let count: u32 = row.get(self.attribute.0)?.to_int().ok()?;
        let behind = self.behind.unsigned_abs();
        Some(match self.behind > 0 {
            true => count.saturating_sub(behind),
            false => count.saturating_add(behind),
        })
    }
}

impl Fault for StaleCount {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(shape) if self.stale(shape).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Some(stale) = self.stale(shape) else { return };
        if let Form::Row { row, .. } = &mut shape.form {
            row.put(DataElement::new(self.attribute.0, dicom_core::VR::IS, PrimitiveValue::from(stale.to_string())));
        }
    }
}
