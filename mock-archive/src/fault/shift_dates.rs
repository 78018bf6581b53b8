use dicom_wire::query::{Key, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::matching::Shift;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Searches take dates and times for those of another time zone.
///
/// On the wire: a search for a day or an hour finds what was acquired on another one, as by an archive that keeps UTC and takes what it is asked for that; the matches themselves say what they always did. A date and
/// the time of the same event are shifted together, so that what was acquired a little before midnight is found on the next day; a date-time is shifted as a whole, a date that has no time by whole days. Archives do it
/// that were moved to a data centre elsewhere, and most ignore Timezone Offset From UTC (0008,0201). A good client asks for more on either side where a study must not be missed, and filters by what the matches say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ShiftDates {
    /// By how many days the dates that are asked for are taken for later ones, alone or with a time.
    pub days: i64,
    /// By how many minutes the times that are asked for are taken for later ones, and dates that have a time.
    pub minutes: i64,
}

impl Default for ShiftDates {
    fn default() -> Self {
        Self {
            days: 1,
            minutes: 0,
        }
    }
}

impl ShiftDates {
    fn shift(&self) -> Shift {
        Shift {
            days: self.days,
            minutes: self.minutes,
        }
    }

    /// Whether it does anything to a key.
    fn concerns_key(&self, key: &Key) -> bool {
        let attribute = key.path.tags().last();
        key.matching != Matching::Universal
            && attribute.is_some_and(|tag| self.shift().concerns(*tag, key.vr))
    }
}

impl Fault for ShiftDates {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. })
            if search.query.keys.iter().any(|key| self.concerns_key(key)))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            search.quirks = search.quirks.shifted(self.shift());
        }
    }
}
