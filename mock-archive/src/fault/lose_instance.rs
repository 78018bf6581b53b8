use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::archive::Verdict;
use crate::moment::{Fate, Judge, Moment};
use crate::rule::Scene;

/// An instance is lost and nobody is told.
///
/// On the wire: over STOW-RS it stands in neither sequence, and the status is that of the others; over C-STORE the response says success. It is not kept. Orthanc 1.10
/// and 1.12 do it for parts they cannot read. A good client counts: sent = referenced + failed, and what is in neither is unknown until a search finds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoseInstance {
    /// Which instance of a request; 1 for the first, none given = every one.
    pub number: Option<usize>,
}

impl Fault for LoseInstance {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if self.number.is_none_or(|number| number == judge.number))
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Unlisted;
        judge.fate = Fate::Lost;
    }
}
