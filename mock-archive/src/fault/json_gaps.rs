use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// What is empty is left out of the DICOM JSON Model.
///
/// On the wire: no null between two values, so that later ones take the places of earlier ones; no object for an empty item; no attribute for one without a value. Converters do it that drop nulls. A good client
/// does not rely on the place of a value where the number of values is not the one that it expects.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonGaps {
    /// What is left out.
    pub what: Gap,
}

/// Something that is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gap {
    /// A missing value among others.
    #[default]
    Nulls,
    /// An item without attributes.
    EmptyItems,
    /// An attribute without a value.
    EmptyAttributes,
}

impl Fault for JsonGaps {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        model::each_data_set(text, &mut |attributes| {
            for attribute in attributes.values_mut().filter_map(Value::as_object_mut) {
                let Some(values) = model::values(attribute) else {
                    continue;
                };
                match self.what {
                    Gap::Nulls => values.retain(|value| !value.is_null()),
                    Gap::EmptyItems => {
                        values.retain(|value| value.as_object().is_none_or(|item| !item.is_empty()))
                    }
                    Gap::EmptyAttributes => {}
                }
            }
            if self.what == Gap::EmptyAttributes {
                attributes.retain(|_, attribute| {
                    attribute
                        .as_object()
                        .is_none_or(|attribute| attribute.len() > 1)
                });
            }
        });
    }
}
