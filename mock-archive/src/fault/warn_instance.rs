use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use dicom_wire::stow::{FailureReason, WarningReason};

use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::Scene;

/// An instance is stored with a warning.
///
/// On the wire: Warning Reason (0008,1196) in its item of the Referenced SOP Sequence, or that status in the C-STORE response; it is kept as it is. Archives do it that coerce (B000), drop elements (B006) or
/// check against the class (B007). A good client counts the instance as stored, shows the warning, and does not send it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct WarnInstance {
    /// Reason: `B000`, `B006` or `B007`.
    pub reason: Reason,
}

impl Default for WarnInstance {
    fn default() -> Self {
        Self {
            reason: Reason(FailureReason(0xB000)),
        }
    }
}

impl Fault for WarnInstance {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if !matches!(judge.verdict, Verdict::Refused(_)))
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Warned(WarningReason(self.reason.0.0));
    }
}
