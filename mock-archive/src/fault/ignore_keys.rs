use dicom_wire::query::{Key, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Keys of a search that name these attributes do not filter.
///
/// On the wire: a QIDO-RS answer or a C-FIND with matches that the key should have kept out; the attribute is in the rows all the same. Archives do it with keys that they
/// have no column for, and with keys inside sequences; Orthanc and dcmqrscp are among them. A good client looks at the values that come back before it trusts a match.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct IgnoreKeys {
    /// Attributes whose keys are ignored, on their own and as a sequence that a key lies in.
    pub attributes: Vec<AttributeTag>,
}

impl IgnoreKeys {
    fn ignores(&self, key: &Key) -> bool {
        key.matching != Matching::Universal
            && self
                .attributes
                .iter()
                .any(|attribute| key.path.tags().contains(&attribute.0))
    }
}

impl Default for IgnoreKeys {
    fn default() -> Self {
        Self {
            attributes: vec![AttributeTag(
                dicom_dictionary_std::tags::REFERRING_PHYSICIAN_NAME,
            )],
        }
    }
}

impl Fault for IgnoreKeys {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. }) if search.query.keys.iter().any(|key| self.ignores(key)))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Search(search) = &mut shape.form else {
            return;
        };
        for key in search.query.keys.iter_mut().filter(|key| self.ignores(key)) {
            key.matching = Matching::Universal;
        }
    }
}
