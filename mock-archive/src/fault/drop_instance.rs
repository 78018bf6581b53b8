use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, words};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A retrieve leaves one instance out.
///
/// On the wire: a WADO-RS answer with one part less under 200, or a C-GET or C-MOVE with one sub-operation less and success. Archives do it that lost a file or
/// filter by SOP class. A good client compares what came with what a search of the series lists, and calls the retrieve incomplete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropInstance {
    /// Which one: 0 the first, -1 the last.
    pub index: i64,
}

impl Default for DropInstance {
    fn default() -> Self {
        Self { index: -1 }
    }
}

impl Fault for DropInstance {
    fn moment(&self) -> Moment {
        Moment::Instances
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Instances(all), .. }) if words::position(self.index, all.len()).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Instances(all) = &mut shape.form {
            words::position(self.index, all.len()).map(|at| all.remove(at));
        }
    }
}
