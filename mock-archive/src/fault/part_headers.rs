use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// The parts of a multipart answer lack header fields, or have others.
///
/// On the wire: parts without Content-Type or without Content-Location (PS3.18 8.6.1.2), as Orthanc and several gateways send them; or with MIME-Version and Content-Length, as Orthanc
/// does. A good client takes the type from
/// the type parameter of the whole, and the instance from the file in the part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct PartHeaders {
    /// Names of the fields that are left out.
    pub without: Vec<String>,
    /// Fields that come first, with their values.
    pub with: std::collections::BTreeMap<String, String>,
    /// Whether each part says its length in Content-Length, up to 64 MiB.
    pub lengths: bool,
}

impl Default for PartHeaders {
    fn default() -> Self {
        let without = ["content-type", "content-location"];
        Self {
            without: without.map(str::to_owned).to_vec(),
            with: std::collections::BTreeMap::new(),
            lengths: false,
        }
    }
}

impl Fault for PartHeaders {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            style.lengths |= self.lengths;
            style.with = self.with.clone().into_iter().collect();
            style.without = self.without.iter().map(|name| name.to_ascii_lowercase()).collect();
        }
    }
}
