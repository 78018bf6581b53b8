use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Rest, Shape};
use crate::rule::Scene;

/// A page that is not the last does not say so.
///
/// On the wire: fewer matches than there are, without Warning 299 (PS3.18 8.3.4.4.1). Orthanc, Google and Azure do it. A good client asks for the next page until one comes that is not full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HideRemaining {}

impl Fault for HideRemaining {
    fn moment(&self) -> Moment {
        Moment::Page
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Page(page), .. }) if page.rest == Rest::Told)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Page(page) = &mut shape.form {
            page.rest = Rest::Hidden;
        }
    }
}
