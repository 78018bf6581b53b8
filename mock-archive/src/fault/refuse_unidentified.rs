use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::Scene;

/// An instance without a Patient ID is refused.
///
/// On the wire: the instance in Failed SOP Sequence with this reason, or as status of the C-STORE, where PS3.3 lets Patient ID (Type 2) be empty. Azure refuses with A900, dcm4chee
/// with A777 unless it is told otherwise. A good client says which instance it was and why, and leaves it to a person to give the patient an ID.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefuseUnidentified {
    /// Failure reason.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
}

impl Default for RefuseUnidentified {
    fn default() -> Self {
        Self {
            reason: FailureReason::DATA_SET_MISMATCH,
        }
    }
}

impl Fault for RefuseUnidentified {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if judge.instance.patient_id.trim().is_empty())
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.reason);
    }
}
