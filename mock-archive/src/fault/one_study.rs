use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::Scene;

/// A store request takes instances of one study only: those of another than the first one's are refused.
///
/// On the wire: a store to /studies with two studies is answered 202, the instances of the second in Failed SOP Sequence. Servers do it that make one transaction of a request. A
/// good client groups what it sends by study, and sends again what was refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OneStudy {
    /// Failure reason.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
}

impl Default for OneStudy {
    fn default() -> Self {
        Self {
            reason: FailureReason::STUDY_MISMATCH,
        }
    }
}

impl Fault for OneStudy {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if judge.first_study != judge.instance.study)
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.reason);
    }
}
