use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault, model};
use crate::moment::{Form, Moment, Shape};

/// Attributes in the DICOM JSON Model do not say what they are.
///
/// On the wire: attributes without vr, with UN, or with another one than the dictionary's. Archives do it with private attributes and with what came in Implicit VR. A good client looks the attribute up in
/// the dictionary, and keeps what it does not know as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JsonVr {
    /// What the vr looks like.
    pub form: VrForm,
    /// Only these attributes; none given = all but sequences.
    pub attributes: Vec<AttributeTag>,
}

/// What a vr looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VrForm {
    /// There is none.
    #[default]
    Missing,
    /// UN.
    Unknown,
    /// LT, whatever it is.
    Wrong,
}

impl Fault for JsonVr {
    fn moment(&self) -> Moment {
        Moment::Json
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Json(text) = &mut shape.form else {
            return;
        };
        let is_meant = |key: &str| {
            self.attributes.is_empty()
                || self
                    .attributes
                    .iter()
                    .any(|attribute| model::is(key, attribute.0))
        };
        model::each_attribute(text, &mut |key, attribute| {
            if model::vr(attribute) == Some("SQ") || !is_meant(key) {
                return;
            }
            match self.form {
                VrForm::Missing => drop(attribute.remove("vr")),
                VrForm::Unknown => drop(attribute.insert("vr".into(), "UN".into())),
                VrForm::Wrong => drop(attribute.insert("vr".into(), "LT".into())),
            }
        });
    }
}
