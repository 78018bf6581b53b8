use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Attributes in the DICOM JSON Model have keys of their own, or come in an order of their own.
///
/// On the wire: tags in lower case, keywords in place of tags, keys in descending order, or group lengths among them. Converters do it that were not written for DICOM. A good client reads tags in either case
/// and in any order, and skips keys that are none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonKeys {
    /// What the keys look like.
    pub form: KeyForm,
}

/// What keys look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// Tags in lower case.
    #[default]
    Lowercase,
    /// Keywords.
    Keywords,
    /// Tags, the last one first.
    Descending,
    /// Tags, a group length before the first.
    GroupLengths,
}

impl Fault for JsonKeys {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        model::each_data_set(text, &mut |attributes| {
            let members = std::mem::take(attributes);
            let group = members
                .keys()
                .next()
                .map(|key| key[..key.len().min(4)].to_owned());
            match (self.form, group) {
                (KeyForm::GroupLengths, Some(group)) => {
                    attributes.insert(
                        format!("{group}0000"),
                        json!({ "vr": "UL", "Value": [members.len() * 16] }),
                    );
                    attributes.extend(members);
                }
                (KeyForm::Descending, _) => attributes.extend(members.into_iter().rev()),
                (KeyForm::Lowercase, _) => attributes.extend(
                    members
                        .into_iter()
                        .map(|(key, member)| (key.to_lowercase(), member)),
                ),
                (KeyForm::Keywords, _) => attributes.extend(
                    members
                        .into_iter()
                        .map(|(key, member)| (model::keyword(&key), member)),
                ),
                (KeyForm::GroupLengths, None) => {}
            }
        });
    }
}
