use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Page, Rest, Shape};
use crate::rule::Scene;

/// A search never gives more than so many matches.
///
/// On the wire: a page of that many where more were asked for, or all; with Warning 299 or without, or with a status in place of matches. Azure has 100 where nothing is asked, refuses more than 200 with 400;
/// Google caps studies at 5000; dcm4chee answers 413. A good client reads pages and does not take a full one for all there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct CapResults {
    /// The most.
    pub max: usize,
    /// This status where more matches would go out.
    pub refuse: Option<u16>,
    /// Without Warning 299.
    pub silent: bool,
}

impl CapResults {
    fn exceeds(&self, page: &Page) -> bool {
        let left = page.total.saturating_sub(page.offset);
        let going = left.min(page.limit.unwrap_or(usize::MAX));
        going > self.max || (going == self.max && left > going && self.refuse.is_none())
    }
}

impl Default for CapResults {
    fn default() -> Self {
        Self {
            max: 100,
            refuse: Default::default(),
            silent: true,
        }
    }
}

impl Fault for CapResults {
    fn moment(&self) -> Moment {
        Moment::Page
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Page(page), .. }) if self.exceeds(page))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Page(page) = &mut shape.form else {
            return;
        };
        page.limit = Some(self.max.min(page.limit.unwrap_or(usize::MAX)));
        page.refused = self.refuse.or(page.refused);
        if self.silent {
            page.rest = Rest::Hidden;
        }
    }
}
