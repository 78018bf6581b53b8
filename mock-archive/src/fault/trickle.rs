use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Judge, Moment};

/// The instances of an upload become visible one after the other.
///
/// On the wire: all are acknowledged at once; then searches and retrieves see the first after one interval, the second after two, so that counts grow and a retrieve of the
/// series gives what there is. Archives do it that route through a queue, and every archive while a modality is still sending. A good client compares counts
/// of two searches before it calls a series complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trickle {
    /// Time between two instances.
    pub every: Span,
}

impl Default for Trickle {
    fn default() -> Self {
        Self {
            every: Span(Duration::from_secs(1)),
        }
    }
}

impl Fault for Trickle {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.lag.everything = self.every.0.saturating_mul(u32::try_from(judge.number).unwrap_or(u32::MAX));
    }
}
