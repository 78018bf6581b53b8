use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A retrieve finds nothing of what is there.
///
/// On the wire: a C-MOVE or C-GET that ends with success and no sub-operation, or 404 over HTTP, for instances that searches list. Orthanc and others do it for levels or keys that they do not take, and archives whose files are on another
/// volume. A good client compares the counts with what the search said, and shows a success without instances as a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindNothing {}

impl Fault for FindNothing {
    fn moment(&self) -> Moment {
        Moment::Instances
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Instances(instances), .. }) if !instances.is_empty())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Instances(instances) = &mut shape.form {
            instances.clear();
        }
    }
}
