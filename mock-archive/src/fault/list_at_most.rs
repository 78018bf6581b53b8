use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The answer to a STOW-RS request lists fewer instances than it accounts for.
///
/// On the wire: Referenced SOP Sequence or Failed SOP Sequence with so many items at most, or left out; the status as it was. Servers do it that report the first failure only. A
/// good client compares what it sent with both sequences, and takes what is in neither for unknown until it has asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ListAtMost {
    /// Items of Referenced SOP Sequence; none given = all.
    pub referenced: Option<usize>,
    /// Items of Failed SOP Sequence; none given = all.
    pub failed: Option<usize>,
}

impl Fault for ListAtMost {
    fn moment(&self) -> Moment {
        Moment::Receipt
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Shape(Shape {
            form: Form::Receipt { response, .. },
            ..
        }) = scene
        else {
            return false;
        };
        self.referenced
            .is_some_and(|most| response.referenced.len() > most)
            || self.failed.is_some_and(|most| response.failed.len() > most)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Receipt { response, .. } = &mut shape.form {
            response
                .referenced
                .truncate(self.referenced.unwrap_or(usize::MAX));
            response.failed.truncate(self.failed.unwrap_or(usize::MAX));
        }
    }
}
