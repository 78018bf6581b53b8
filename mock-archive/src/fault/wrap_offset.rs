use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A page beyond the end begins again at the first match.
///
/// On the wire: matches where there are none left. Archives do it that take the offset modulo the number of matches, or fall back to the first page. A good client stops when a page has fewer matches than
/// its limit, and when a match comes that it has already.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WrapOffset {}

impl Fault for WrapOffset {
    fn moment(&self) -> Moment {
        Moment::Page
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Page(page), .. }) if page.total > 0 && page.offset >= page.total)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Page(page) = &mut shape.form {
            page.offset %= page.total.max(1);
        }
    }
}
