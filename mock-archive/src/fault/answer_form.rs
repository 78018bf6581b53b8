use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, PartForm, Shape};

/// An answer is multipart where a single part was asked for, or the reverse.
///
/// On the wire: multipart/related to a client that accepts application/dicom, or the first of several instances as one file. Archives do it that have one form for
/// all. A good client goes by the Content-Type of the answer and handles both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AnswerForm {
    /// The form of every answer.
    pub form: Answered,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answered {
    /// The first part, bare.
    Single,
    /// multipart/related, whatever was asked for.
    Multipart,
}

impl Default for AnswerForm {
    fn default() -> Self {
        Self { form: Answered::Multipart }
    }
}

impl Fault for AnswerForm {
    fn moment(&self) -> Moment {
        Moment::Multipart
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Multipart(style) = &mut shape.form {
            style.form = Some(match self.form {
                Answered::Single => PartForm::Single,
                Answered::Multipart => PartForm::Multipart,
            });
        }
    }
}
