use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, words};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// One match of a search is left out.
///
/// On the wire: a QIDO-RS answer or a C-FIND with one match less, and no word about it. Archives do it that cap their answers silently, or whose index lags behind.
/// A good client compares the number of matches with the counts of the level above where it matters, and never takes an absence for a proof.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DropRow {
    /// Which match: 0 the first, -1 the last.
    pub index: i64,
}

impl Default for DropRow {
    fn default() -> Self {
        Self { index: -1 }
    }
}

impl Fault for DropRow {
    fn moment(&self) -> Moment {
        Moment::Rows
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Rows(rows), .. }) if words::position(self.index, rows.len()).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Rows(rows) = &mut shape.form {
            words::position(self.index, rows.len()).map(|at| rows.remove(at));
        }
    }
}
