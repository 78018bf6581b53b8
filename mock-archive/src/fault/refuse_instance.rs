use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};

/// An instance is refused.
///
/// On the wire: over STOW-RS an item in Failed SOP Sequence with this reason, and 202 or 409 by the counts (PS3.18 10.5.3.1); over C-STORE a response with this
/// status. Every archive does it for some instance; dcm4chee and Azure answer 202 for the rest. A good client reads both sequences whatever the status, reports
/// each instance by itself, and sends again only what was refused for want of resources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefuseInstance {
    /// Failure reason, such as `A700` (PS3.18 I.2.2; PS3.4 B.2.3).
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
}

impl Default for RefuseInstance {
    fn default() -> Self {
        Self { reason: FailureReason::OUT_OF_RESOURCES }
    }
}

impl Fault for RefuseInstance {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.reason);
    }
}
