use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::matching::Quirk;
use crate::moment::{Form, Moment, Shape};

/// The archive compares in a way of its own.
///
/// On the wire: a QIDO-RS answer or a C-FIND with matches too many or too few, well-formed and without a word about it. Archives do it whose database compares as SQL does (percent signs, case,
/// strings in place of times), that know ranges or wildcards only in part, or that match dates and times apart. A good client asks for what every archive can, and filters again itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct MatchDialect {
    /// Which way.
    pub quirk: Quirk,
}

impl Default for MatchDialect {
    fn default() -> Self {
        Self {
            quirk: Quirk::AnyCase,
        }
    }
}

impl Fault for MatchDialect {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            search.quirks = search.quirks.with(self.quirk);
        }
    }
}
