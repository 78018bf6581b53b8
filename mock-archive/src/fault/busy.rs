use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::{Span, reason};
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::request::Protocol;
use crate::rule::{Meter, Scene};

/// An instance that is sent again is refused for as long as the archive is still busy with the first of its kind.
///
/// On the wire: a second store of the same SOP Instance UID within the time is a Failed SOP Sequence item with B00F (45071, Azure's "being created"), over C-STORE a failure
/// (A700 where the reason would be a warning there); what came first stays, and after the time a duplicate is treated as the archive says. Azure's service does it, and archives that lock an instance while they
/// compress or index it. A good client does not count the instance as lost: it waits, looks it up, and sends it again only if it is not there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Busy {
    /// How long after it came first.
    pub lasts: Span,
    /// Failure reason.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
}

impl Default for Busy {
    fn default() -> Self {
        Self {
            lasts: Span(Duration::from_secs(5)),
            reason: FailureReason(0xB00F),
        }
    }
}

impl Busy {
    /// The reason as this protocol can tell it: Bxxx of a C-STORE is a warning (PS3.7 C.4).
    fn told(&self, protocol: Protocol) -> FailureReason {
        match (protocol, self.reason.0 & 0xF000) {
            (Protocol::Dimse, 0xB000) => FailureReason::OUT_OF_RESOURCES,
            _ => self.reason,
        }
    }
}

impl Fault for Busy {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(_))
    }

    fn is_due(&self, scene: &Scene<'_, '_>, meter: &mut Meter) -> bool {
        let Scene::Judge(judge) = scene else {
            return false;
        };
        let mut hasher = DefaultHasher::new();
        judge.instance.instance.hash(&mut hasher);
        let seen = meter.see(hasher.finish());
        seen.times > 1 && judge.known && seen.age < self.lasts.0
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.told(judge.request.protocol));
    }
}
