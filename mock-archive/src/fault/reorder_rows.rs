use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The matches of a page come in another order.
///
/// On the wire: a QIDO-RS answer or a C-FIND with the right matches in an order that the same search did not have before. Archives do it whose database gives no order, and those that put what is newest
/// first while something arrives. A good client sorts what it shows, and recognises matches by UID when it joins pages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ReorderRows {
    /// Which order.
    pub into: Order,
}

/// An order of matches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// From the last to the first.
    #[default]
    Reversed,
    /// The first one last.
    Rotated,
}

impl Fault for ReorderRows {
    fn moment(&self) -> Moment {
        Moment::Rows
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Rows(rows), .. }) if rows.len() > 1)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Rows(rows) = &mut shape.form {
            match self.into {
                Order::Reversed => rows.reverse(),
                Order::Rotated => rows.rotate_left(1),
            }
        }
    }
}
