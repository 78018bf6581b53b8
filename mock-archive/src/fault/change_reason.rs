use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::Scene;

/// An instance that is refused, or stored with a warning, is refused for another reason.
///
/// On the wire: the wrong code in Failure Reason (0008,1197), or in the status of a C-STORE response. Orthanc says 0110 whatever is wrong, Microsoft and dcm4chee have codes of their
/// own. A good client shows the code with its meaning, and decides by the class of a code, if at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeReason {
    /// The reasons and warnings that are replaced; none = all.
    pub from: Vec<Reason>,
    /// What the client is told.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub to: FailureReason,
}

impl Default for ChangeReason {
    fn default() -> Self {
        Self {
            from: Vec::new(),
            to: FailureReason::PROCESSING_FAILURE,
        }
    }
}

impl Fault for ChangeReason {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Judge(judge) = scene else {
            return false;
        };
        let code = match judge.verdict {
            Verdict::Refused(reason) => reason.0,
            Verdict::Warned(reason) => reason.0,
            Verdict::Stored | Verdict::Unlisted => return false,
        };
        self.from.is_empty() || self.from.iter().any(|Reason(from)| from.0 == code)
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.to);
    }
}
