use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Misencoded, Moment, Shape};

/// A data set goes out in an encoding that PS3.5 does not have.
///
/// On the wire: the instance as it was stored, but with a value of an odd number of bytes, UIDs padded with a blank or with a leading zero, a number's VR over a text, zeros after the last element, or a sequence in a form that readers
/// stumble over, over either protocol. Modalities write all of these, and archives hand them on. A good client reads what can be read, says which element is wrong, and does not lose the rest of the study for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Misencode {
    /// What is wrong.
    pub how: Misencoded,
}

impl Fault for Misencode {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::File { style, .. } = &mut shape.form {
            style.misencoded = Some(self.how);
        }
    }
}
