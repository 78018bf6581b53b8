use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Admit, Moment};
use crate::rule::Scene;

/// The archive waits before it looks at a request or association.
///
/// On the wire: nothing for that long, then everything as usual. Archives do it that fetch from tape, start a session for each request, or are overloaded.
/// A good client has a deadline for each operation, says which one passed, and does not send the same store again while the first may still be at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// How long, such as `250ms` or `10s`.
    pub by: Span,
}

impl Delay {
    /// A delay of this length.
    pub fn by(duration: Duration) -> Self {
        Self { by: Span(duration) }
    }
}

impl Fault for Delay {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, _scene: &Scene<'_, '_>) -> bool {
        !self.by.0.is_zero()
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.delay += self.by.0;
    }
}
