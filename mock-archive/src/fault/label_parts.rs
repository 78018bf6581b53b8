use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Label, Moment, Shape};

/// The parts of a retrieve name their transfer syntax wrongly, or not at all.
///
/// On the wire: Content-Type of a part without its transfer-syntax parameter, with `*`, with another one than its bytes are in, or with the parameter inside the
/// quotes of a type, as Orthanc writes it for frames. A good client trusts the file meta information and the first bytes of a codestream more than a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct LabelParts {
    /// What is wrong with the label.
    pub label: Labelling,
    /// The transfer syntax that a wrong label names.
    pub transfer_syntax: String,
}

/// What is wrong with a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Labelling {
    /// There is none.
    Missing,
    /// It is `*`.
    Star,
    /// It stands inside the quotes of a type parameter.
    InsideType,
    /// It stands inside the quotes of the whole answer's type, and where it belongs too.
    AlsoInsideType,
    /// It names another transfer syntax.
    Wrong,
}

impl Default for LabelParts {
    fn default() -> Self {
        Self { label: Labelling::Missing, transfer_syntax: "1.2.840.10008.1.2.1".to_owned() }
    }
}

impl Fault for LabelParts {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            style.label = match self.label {
                Labelling::Missing => Label::Missing,
                Labelling::Star => Label::Star,
                Labelling::InsideType => Label::InsideType,
                Labelling::AlsoInsideType => Label::AlsoInsideType,
                Labelling::Wrong => Label::Other(self.transfer_syntax.clone()),
            };
        }
    }
}
