use dicom_core::VR;
use dicom_wire::query::{Key, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::clock;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Searches take dates for those of another time zone.
///
/// On the wire: a search for a day finds what was acquired on the day before or after as well or instead: the dates that are asked for are shifted by whole days, as by an archive that keeps UTC and takes a date
/// for midnight there. Archives do it that were moved to a data centre elsewhere. A good client asks for a day more on either side where a study must not be missed, and filters by what the
/// matches say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ShiftDates {
    /// By how many days.
    pub days: i64,
}

impl Default for ShiftDates {
    fn default() -> Self {
        Self { days: 1 }
    }
}

impl ShiftDates {
    /// A date on another day; anything else as it is.
    fn shifted(&self, text: &str) -> String {
        clock::shifted(text, self.days).unwrap_or_else(|| text.to_owned())
    }

    fn shift(&self, key: &mut Key) {
        match &mut key.matching {
            Matching::Value(date) => *date = self.shifted(date),
            Matching::Range { from, to } => {
                for end in [from, to].into_iter().flatten() {
                    *end = self.shifted(end);
                }
            }
            _ => {}
        }
    }
}

/// Whether a key is one for a date.
fn is_date(key: &Key) -> bool {
    key.vr == VR::DA && matches!(key.matching, Matching::Value(_) | Matching::Range { .. })
}

impl Fault for ShiftDates {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. })
            if search.query.keys.iter().any(is_date))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            let keys = search.query.keys.iter_mut();
            keys.filter(|key| is_date(key)).for_each(|key| self.shift(key));
        }
    }
}
