use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// The parts of a multipart answer lack header fields.
///
/// On the wire: parts without Content-Type or without Content-Location (PS3.18 8.6.1.2), as Orthanc and several gateways send them. A good client takes the type from
/// the type parameter of the whole, and the instance from the file in the part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct PartHeaders {
    /// Names of the fields that are left out.
    pub without: Vec<String>,
}

impl Default for PartHeaders {
    fn default() -> Self {
        Self { without: vec!["content-type".to_owned(), "content-location".to_owned()] }
    }
}

impl Fault for PartHeaders {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            style.without = self.without.iter().map(|name| name.to_ascii_lowercase()).collect();
        }
    }
}
