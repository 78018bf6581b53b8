use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use super::words::Reason;
use crate::archive::Verdict;
use crate::moment::{Fate, Judge, Moment};
use crate::policy::Duplicates;
use crate::rule::Scene;

/// An instance that is there already is treated otherwise than the archive says.
///
/// On the wire: the answer says one thing, and retrieval another: refused, but the new content is there; stored, but the old content is. Orthanc keeps the first by default and
/// says success. A good client compares contents where that matters, and never takes "already there" for a failure of the new content or a success of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Duplicate {
    /// Which of the two stays.
    pub kept: Kept,
    /// The reason for which the client is told that it was refused; none given = it is told that it was stored.
    pub refused: Option<Reason>,
}

/// Which of two instances with one UID stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// The one that was there.
    Old,
    /// The one that arrived.
    #[default]
    New,
}

impl Default for Duplicate {
    fn default() -> Self {
        Self {
            kept: Kept::New,
            refused: Some(Reason(FailureReason::DUPLICATE_INSTANCE)),
        }
    }
}

impl Fault for Duplicate {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if judge.known)
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.fate = Fate::Kept;
        judge.duplicates = match self.kept {
            Kept::Old => Duplicates::Keep,
            Kept::New => Duplicates::Replace,
        };
        judge.verdict = match self.refused {
            Some(Reason(reason)) => Verdict::Refused(reason),
            None => Verdict::Stored,
        };
    }
}
