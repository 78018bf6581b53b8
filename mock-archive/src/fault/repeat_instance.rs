use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, words};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A retrieve gives one instance twice.
///
/// On the wire: a part or a sub-operation more than there are instances, the same SOP Instance UID in both. Archives do it that hold an instance in two places, or
/// page through their own index while it changes. A good client goes by SOP Instance UIDs and not by the number of parts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepeatInstance {
    /// Which one: 0 the first, -1 the last.
    pub index: i64,
}

impl Fault for RepeatInstance {
    fn moment(&self) -> Moment {
        Moment::Instances
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Instances(all), .. }) if words::position(self.index, all.len()).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Instances(all) = &mut shape.form
            && let Some(at) = words::position(self.index, all.len())
        {
            let again = all[at].clone();
            all.insert(at, again);
        }
    }
}
