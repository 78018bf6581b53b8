use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A retrieve gives the first instance of each series and no other.
///
/// On the wire: metadata, or parts, that stand for a series where one for each instance is due (PS3.18 10.4.1.1.2). Archives do it that keep one header a series.
/// A good client compares the UIDs with those that a search of the instances lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnePerSeries {}

impl Fault for OnePerSeries {
    fn moment(&self) -> Moment {
        Moment::Instances
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Instances(all), .. }) if all.len() > 1)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Instances(all) = &mut shape.form {
            let mut seen = HashSet::new();
            all.retain(|stored| seen.insert(stored.identity().series.clone()));
        }
    }
}
