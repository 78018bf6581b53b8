use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Names in the DICOM JSON Model are not the objects that they should be.
///
/// On the wire: a string where there is an object with Alphabetic, Ideographic and Phonetic, or the object with one group of the three. Older servers write strings; Orthanc 1.10 loses the other groups.
/// A good client reads both forms and shows the groups that it gets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonNames {
    /// What a name looks like.
    pub form: NameForm,
}

/// What a name looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameForm {
    /// A string, its groups with `=` between.
    #[default]
    String,
    /// An object with the alphabetic group only.
    AlphabeticOnly,
    /// An object in which the ideographic group stands for the alphabetic one.
    IdeographicOnly,
}

impl NameForm {
    fn apply(self, name: &mut Value) {
        let Value::Object(groups) = name else { return };
        let group = |key: &str| {
            groups
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        *name = match self {
            Self::String => {
                let all = ["Alphabetic", "Ideographic", "Phonetic"].map(group);
                Value::String(all.join("=").trim_end_matches('=').to_owned())
            }
            Self::AlphabeticOnly => json!({ "Alphabetic": group("Alphabetic") }),
            Self::IdeographicOnly => match group("Ideographic") {
                ideographic if ideographic.is_empty() => return,
                ideographic => json!({ "Ideographic": ideographic }),
            },
        };
    }
}

impl Fault for JsonNames {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        model::each_attribute(text, &mut |_, attribute| {
            if model::vr(attribute) == Some("PN") {
                model::values(attribute)
                    .into_iter()
                    .flatten()
                    .for_each(|name| self.form.apply(name));
            }
        });
    }
}
