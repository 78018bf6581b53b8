use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Texts in the DICOM JSON Model keep their padding.
///
/// On the wire: a NUL after UIDs, or a blank after other texts, of odd length. Azure keeps the NUL. A good client trims both before it compares.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonPadding {
    /// What is padded with.
    pub with: Padding,
}

/// What texts of odd length are padded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Padding {
    /// UIDs with NUL.
    #[default]
    Nul,
    /// Other texts with a blank.
    Blank,
}

impl Fault for JsonPadding {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        model::each_attribute(text, &mut |_, attribute| {
            let is_uid = model::vr(attribute) == Some("UI");
            for value in model::values(attribute).into_iter().flatten() {
                let Value::String(text) = value else { continue };
                match self.with {
                    Padding::Nul if is_uid && text.len() % 2 == 1 => text.push('\0'),
                    Padding::Blank if !is_uid && text.len() % 2 == 1 => text.push(' '),
                    _ => {}
                }
            }
        });
    }
}
