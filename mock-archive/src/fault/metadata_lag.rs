use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Judge, Moment};

/// The metadata of an instance that is stored can be asked for only some time later.
///
/// On the wire: the store is acknowledged, searches list the instance, it can be retrieved, but WADO-RS metadata answers 404, or leaves it out of its series, before the time
/// is over. dcm4chee does it while it makes its metadata files. A good client compares the number of instances with what the search counted, and asks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MetadataLag {
    /// How late its metadata is there.
    pub by: Span,
}

impl Default for MetadataLag {
    fn default() -> Self {
        Self {
            by: Span(Duration::from_secs(1)),
        }
    }
}

impl Fault for MetadataLag {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.lag.metadata = self.by.0;
    }
}
