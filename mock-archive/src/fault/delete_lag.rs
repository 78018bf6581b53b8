use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Form, Moment, SeenBy, Shape};

/// What is deleted is still there for a while.
///
/// On the wire: the deletion is acknowledged, and the instances are found and can be retrieved until the time is over: by everyone, by searches only, or over DIMSE only, where the other
/// protocol is served from another index. Archives do it that delete in the background, or whose caches are not told. A good client believes the acknowledgement, asks again later where it has to be
/// sure, and does not delete a second time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DeleteLag {
    /// How long.
    pub by: Span,
    /// Who sees it still.
    pub seen_by: SeenBy,
}

impl Default for DeleteLag {
    fn default() -> Self {
        Self {
            by: Span(Duration::from_secs(1)),
            seen_by: SeenBy::Everyone,
        }
    }
}

impl Fault for DeleteLag {
    fn moment(&self) -> Moment {
        Moment::Deletion
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Deletion(linger) = &mut shape.form {
            linger.lasts = self.by.0;
            linger.seen_by = self.seen_by;
        }
    }
}
