use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// The frame of a multipart answer is wrong, HTTP around it is right.
///
/// On the wire: a body without its close delimiter, whose parts are divided by another boundary than the Content-Type names, or by a boundary that is the same for
/// every answer and so may be in the data. Two readers of today take such bodies for whole answers. A good client wants to see the close delimiter, and reports a body
/// without any delimiter as an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BreakMultipart {
    /// What is wrong.
    pub how: Broken,
    /// The boundary of `mismatch` (in the head) and of `collision` (everywhere).
    pub boundary: String,
}

/// What is wrong with a multipart body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Broken {
    /// The close delimiter is missing.
    NoEnd,
    /// The Content-Type names another boundary.
    Mismatch,
    /// The boundary is always the same.
    Collision,
}

impl Default for BreakMultipart {
    fn default() -> Self {
        Self { how: Broken::NoEnd, boundary: "boundary".to_owned() }
    }
}

impl Fault for BreakMultipart {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            match self.how {
                Broken::NoEnd => style.open_end = true,
                Broken::Mismatch => style.announced = Some(self.boundary.clone()),
                Broken::Collision => style.boundary = Some(self.boundary.clone()),
            }
        }
    }
}
