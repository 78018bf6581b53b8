use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::archive::Verdict;
use crate::moment::{Judge, Moment};
use crate::rule::Scene;

/// An instance that is stored otherwise than it was sent is said to be stored as it was.
///
/// On the wire: an item without Warning Reason and 200 over STOW-RS, 0000 over C-STORE, where values were changed (B000), elements thrown away (B006) or something was missing
/// (B007). Most archives that coerce do it. A good client that has to know reads back what it sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HideWarning {}

impl Fault for HideWarning {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if matches!(judge.verdict, Verdict::Warned(_)))
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Stored;
    }
}
