use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Values in the DICOM JSON Model have a type of their own.
///
/// On the wire: numbers as strings, null in place of a value, a value without its list, an empty list where there is no value, or a NaN that is no JSON. Each was seen in some archive or proxy.
/// A good client reads strings for numbers, treats null and an empty list as no value, and names the attribute that it cannot read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonValue {
    /// What values look like.
    pub form: ValueForm,
    /// Only attributes of these value representations; none given = all it can be done to.
    pub vr: Vec<String>,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueForm {
    /// Numbers are strings.
    #[default]
    String,
    /// Each value is null.
    Null,
    /// A single value stands without its list.
    Scalar,
    /// What has no value has an empty list.
    EmptyList,
    /// Numbers are NaN.
    Nan,
}

/// Stands for a NaN until the text is written.
const NAN: &str = "\u{E000}NaN\u{E000}";

impl ValueForm {
    fn apply(self, attribute: &mut Map<String, Value>) {
        if self == Self::EmptyList {
            let has_none = !["Value", "BulkDataURI", "InlineBinary"]
                .iter()
                .any(|form| attribute.contains_key(*form));
            if has_none {
                attribute.insert("Value".into(), Value::Array(Vec::new()));
            }
            return;
        }
        let Some(value) = attribute.get_mut("Value") else {
            return;
        };
        match (self, value) {
            (Self::Scalar, value) => {
                if let Value::Array(values) = value
                    && values.len() == 1
                    && !values[0].is_object()
                {
                    *value = values.remove(0);
                }
            }
            (_, Value::Array(values)) => {
                for value in values {
                    match self {
                        Self::String if value.is_number() => {
                            *value = Value::String(value.to_string())
                        }
                        Self::Null => *value = Value::Null,
                        Self::Nan if value.is_number() => *value = Value::String(NAN.into()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
}

impl Fault for JsonValue {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        let is_meant = |vr: &str| self.vr.is_empty() || self.vr.iter().any(|meant| meant == vr);
        model::each_attribute(text, &mut |_, attribute| {
            if model::vr(attribute).is_some_and(is_meant) {
                self.form.apply(attribute);
            }
        });
        if self.form == ValueForm::Nan {
            model::unquote(text, NAN, "NaN");
        }
    }
}
