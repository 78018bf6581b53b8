use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Judge, Moment};

/// An instance that is stored is found by searches only some time later.
///
/// On the wire: the store is acknowledged and the instance can be retrieved at once, but QIDO-RS and C-FIND do not list it, nor count it, before the time is over.
/// Google's and Azure's services do it, and archives that index in the background. A good client does not take "not found" right after a store for a loss: it asks again
/// for a while, and does not send everything a second time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchLag {
    /// How late it is found.
    pub by: Span,
}

impl Default for SearchLag {
    fn default() -> Self {
        Self {
            by: Span(Duration::from_secs(1)),
        }
    }
}

impl Fault for SearchLag {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.lag.search = self.by.0;
    }
}
