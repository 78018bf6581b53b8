use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// A multipart answer lacks one of its parts.
///
/// On the wire: a body that is well formed and one part short: a frame, a value, a data set. Archives do it that skip what they cannot read. A good client counts the
/// parts where it knows how many there should be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DropPart {
    /// Which one, counted from 0.
    pub index: usize,
}


impl Fault for DropPart {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            style.skipped = Some(self.index);
        }
    }
}
