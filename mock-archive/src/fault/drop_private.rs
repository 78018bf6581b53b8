use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Judge, Moment};

/// Private elements are thrown away without a word.
///
/// On the wire: an instance is stored with success, and what is given back has no private elements at its top level. Archives and routers do it that clean data sets. A good client
/// that needs private elements reads back what it sent, before it forgets it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropPrivate {}

impl Fault for DropPrivate {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.without_private = true;
    }
}
