use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Judge, Moment, Originals};

/// An instance whose values are changed does not tell which it had.
///
/// On the wire: a coerced instance without Original Attributes Sequence (0400,0561). Many archives do it. A good client that sends on behalf of others keeps its own record of what
/// it sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgetOriginals {}

impl Fault for ForgetOriginals {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.originals = Originals::Forgotten;
    }
}
