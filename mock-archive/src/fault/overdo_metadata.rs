use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::AttributeTag;
use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// Metadata holds what it must not hold.
///
/// On the wire: the file meta information among the attributes (PS3.18 10.4.1.1.2 leaves it out), or references in place of values that may have none (10.4.3.3.2). Archives
/// do it that print whatever their library gives them. A good client ignores group 0002, and follows no reference where a value is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OverdoMetadata {
    /// The file meta information is there.
    pub file_meta: bool,
    /// Attributes that get a BulkDataURI in place of their value, by keyword or tag.
    pub linked: Vec<AttributeTag>,
}

impl Default for OverdoMetadata {
    fn default() -> Self {
        Self { file_meta: true, linked: Vec::new() }
    }
}

impl Fault for OverdoMetadata {
    fn moment(&self) -> Moment {
        Moment::Model
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Model { style, .. } = &mut shape.form {
            style.file_meta |= self.file_meta;
            let keys = self.linked.iter().map(|attribute| attribute.0);
            style.linked_too.extend(keys.map(|tag| format!("{:04X}{:04X}", tag.0, tag.1)));
        }
    }
}
