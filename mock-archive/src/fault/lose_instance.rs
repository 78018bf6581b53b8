use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::archive::Verdict;
use crate::moment::{Fate, Judge, Moment};

/// An instance is lost and nobody is told.
///
/// On the wire: over STOW-RS it stands in neither sequence, and the status is that of the others; over C-STORE the response says success. It is not kept. Orthanc 1.10
/// and 1.12 do it for parts they cannot read. A good client counts: sent = referenced + failed, and what is in neither is unknown until a search finds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoseInstance {}

impl Fault for LoseInstance {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Unlisted;
        judge.fate = Fate::Lost;
    }
}
