use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// A search has very many matches.
///
/// On the wire: the matches of a QIDO-RS answer or a C-FIND again and again until there are so many. Archives answer like that to a search without keys. A good client sets a limit, reads in pages, and bounds
/// its memory whatever comes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RepeatRows {
    /// How many matches there are then.
    pub to: usize,
}

/// No answer gets longer than this.
const MOST: usize = 1_000_000;

impl Default for RepeatRows {
    fn default() -> Self {
        Self { to: 10_000 }
    }
}

impl Fault for RepeatRows {
    fn moment(&self) -> Moment {
        Moment::Rows
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Rows(rows), .. }) if !rows.is_empty() && rows.len() < self.to)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Rows(rows) = &mut shape.form {
            let matches = std::mem::take(*rows);
            rows.extend(matches.iter().cycle().take(self.to.min(MOST)).cloned());
        }
    }
}
