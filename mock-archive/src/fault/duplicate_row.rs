use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, words};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// One match of a search comes twice.
///
/// On the wire: a QIDO-RS answer or a C-FIND in which a study, series or instance is in two rows that say the same. Archives do it that join tables, and those that keep a study once for each
/// location. A good client recognises matches by their UIDs and shows each once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct DuplicateRow {
    /// Which match: 0 the first, -1 the last.
    pub index: i64,
}

impl Fault for DuplicateRow {
    fn moment(&self) -> Moment {
        Moment::Rows
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Rows(rows), .. }) if words::position(self.index, rows.len()).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Rows(rows) = &mut shape.form else {
            return;
        };
        if let Some(at) = words::position(self.index, rows.len()) {
            rows.insert(at, rows[at].clone());
        }
    }
}
