use dicom_dictionary_std::tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use dicom_wire::stow::WarningReason;

use super::{AttributeTag, Fault};
use crate::archive::Verdict;
use crate::moment::{Judge, Moment, Originals};
use crate::rule::Scene;

/// An attribute of an instance is changed when it is stored.
///
/// On the wire: warning B000, and from then on the instance with the other value, in searches, metadata and files, and what it was in Original Attributes Sequence; or, `silently`, none of
/// this. Archives do it that correct names and IDs by their worklist. A good client compares what it gets with what it sent before it says that nothing was changed, and shows whose
/// value it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CoerceInstance {
    /// Keyword or tag.
    pub attribute: AttributeTag,
    /// Its value from then on.
    pub value: String,
    /// Whether nothing tells of it.
    pub silently: bool,
}

impl Default for CoerceInstance {
    fn default() -> Self {
        Self {
            attribute: AttributeTag(tags::PATIENT_NAME),
            value: "Coerced^Name".to_owned(),
            silently: false,
        }
    }
}

impl Fault for CoerceInstance {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Judge(judge) if !matches!(judge.verdict, Verdict::Refused(_)))
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.values.push((self.attribute.0, self.value.clone()));
        if self.silently {
            judge.originals = Originals::Forgotten;
        } else {
            judge.verdict = Verdict::Warned(WarningReason::COERCION);
        }
    }
}
