use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A page of a search does not begin where it was asked to.
///
/// On the wire: with an offset, the page begins so many matches earlier (negative) or later, so that pages repeat or miss a match. Archives do it that count from one,
/// or whose order changes between pages. A good client recognises matches by UID when it joins pages, and says so when they repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ShiftOffset {
    /// By how many matches.
    pub by: i64,
}

impl Default for ShiftOffset {
    fn default() -> Self {
        Self { by: -1 }
    }
}

impl Fault for ShiftOffset {
    fn moment(&self) -> Moment {
        Moment::Page
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Page(page), .. }) if page.offset > 0)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Page(page) = &mut shape.form {
            let by = isize::try_from(self.by).unwrap_or(0);
            page.offset = page.offset.saturating_add_signed(by);
        }
    }
}
