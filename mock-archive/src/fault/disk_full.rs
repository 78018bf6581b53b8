use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use dicom_wire::stow::FailureReason;

use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::{Meter, Scene};

/// The disk is full after so many bytes.
///
/// On the wire: instances are stored until what came since the rule came into force fills the room; those that do not fit are refused with A700, smaller ones may still fit. Every archive does it
/// in the end. A good client stops after a few such refusals, says that the archive is full and what is stored already, and does not go on sending the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DiskFull {
    /// Bytes that there is room for.
    pub room: u64,
    /// Failure reason of what does not fit.
    pub reason: Reason,
}

impl Default for DiskFull {
    fn default() -> Self {
        Self {
            room: 1024 * 1024,
            reason: Reason(FailureReason::OUT_OF_RESOURCES),
        }
    }
}

impl Fault for DiskFull {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if !matches!(judge.verdict, Verdict::Refused(_)))
    }

    fn is_due(&self, scene: &Scene<'_, '_>, meter: &mut Meter) -> bool {
        let Scene::Judge(judge) = scene else {
            return false;
        };
        let fits = meter.total().saturating_add(judge.bytes) <= self.room;
        if fits {
            meter.add(judge.bytes);
        }
        !fits
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.reason.0);
    }
}
