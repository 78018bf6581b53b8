use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Search, Shape};
use crate::rule::Scene;

/// A page of a search can be so long and begin so far in, and a request for another one is refused.
///
/// On the wire: the status in place of matches, however many there are. Azure refuses a limit of 0 and one above 200, Google an offset above a million. A good client knows the
/// limits of its archive or begins with a small page, and does not take the refusal for an empty archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct BoundLimit {
    /// The largest limit that is taken; none given = any.
    pub most: Option<u64>,
    /// The least limit that is taken.
    pub least: u64,
    /// The largest offset that is taken; none given = any.
    pub offset: Option<u64>,
    /// Status of the refusal.
    pub status: u16,
}

impl Default for BoundLimit {
    fn default() -> Self {
        Self {
            most: Some(200),
            least: 1,
            offset: None,
            status: 400,
        }
    }
}

impl BoundLimit {
    fn refuses(&self, search: &Search) -> bool {
        let above = |most: Option<u64>, value| most.is_some_and(|most| value > most);
        let limit = search.query.limit;
        limit.is_some_and(|limit| limit < self.least || above(self.most, limit))
            || above(self.offset, search.query.offset)
    }
}

impl Fault for BoundLimit {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. }) if self.refuses(search))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            search.refused = Some(self.status);
        }
    }
}
