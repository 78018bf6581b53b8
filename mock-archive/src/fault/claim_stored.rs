use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::archive::Verdict;
use crate::moment::{Fate, Judge, Moment};

/// An instance is said to be stored and is not kept.
///
/// On the wire: over STOW-RS an item in Referenced SOP Sequence, over C-STORE success (0000); a later search or retrieve does not find it. Archives do it that answer
/// before they write, and lose the queue. A good client that must be sure asks afterwards: storage commitment, or a search for each instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimStored {}

impl Fault for ClaimStored {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Stored;
        judge.fate = Fate::Lost;
    }
}
