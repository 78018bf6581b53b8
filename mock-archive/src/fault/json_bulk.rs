use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Bytes in the DICOM JSON Model are given in a form of their own.
///
/// On the wire: words in base64 with their high byte first, or a Value and a BulkDataURI for the same attribute. Servers do it that were written for big endian data, or that add links to everything. A good client
/// reads base64 as little endian and takes a Value where there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonBulk {
    /// What is wrong.
    pub form: BulkForm,
}

/// What is wrong with bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BulkForm {
    /// Words have their high byte first.
    #[default]
    BigEndian,
    /// What has a Value has a BulkDataURI too.
    ValueAndUri,
}

impl Fault for JsonBulk {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        model::each_attribute(text, &mut |key, attribute| match self.form {
            BulkForm::BigEndian => {
                let width = match model::vr(attribute) {
                    Some("OW") => 2,
                    Some("OF" | "OL") => 4,
                    Some("OD" | "OV") => 8,
                    _ => return,
                };
                if let Some(Value::String(inline)) = attribute.get_mut("InlineBinary")
                    && let Ok(mut bytes) = STANDARD.decode(&*inline)
                {
                    bytes.chunks_exact_mut(width).for_each(<[u8]>::reverse);
                    *inline = STANDARD.encode(bytes);
                }
            }
            BulkForm::ValueAndUri => {
                if attribute.contains_key("Value") && model::vr(attribute) != Some("SQ") {
                    attribute.insert(
                        "BulkDataURI".into(),
                        Value::String(format!("bulkdata/{key}")),
                    );
                }
            }
        });
    }
}
