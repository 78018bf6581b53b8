use dicom_core::VR;
use dicom_wire::moment::{DAY, Span, span};
use dicom_wire::query::{Key, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::clock;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Searches take dates and times for those of another time zone.
///
/// On the wire: a search for a day or an hour finds what was acquired on another one: the dates that are asked for are shifted by whole days, times by minutes, date-times by both, as by an archive that keeps UTC and
/// takes what it is asked for midnight or noon there. A time that leaves its day is cut at midnight, and what is beyond is not found. Archives do it that were moved to a data centre elsewhere, and most ignore
/// Timezone Offset From UTC (0008,0201). A good client asks for more on either side where a study must not be missed, and filters by what the matches say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ShiftDates {
    /// By how many days dates and date-times are later.
    pub days: i64,
    /// By how many minutes times and date-times are later.
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

/// Microseconds in a minute.
const MINUTE: i64 = 60_000_000;
/// Further than any clock is wrong: a hundred years.
const MOST: i64 = 100 * 366 * DAY;

impl ShiftDates {
    /// Whether it does anything to a key.
    fn concerns_key(&self, key: &Key) -> bool {
        let shifts = match key.vr {
            VR::DA => self.days != 0,
            VR::TM => self.minutes != 0,
            VR::DT => self.by() != 0,
            _ => false,
        };
        shifts && matches!(key.matching, Matching::Value(_) | Matching::Range { .. })
    }

    /// By how many microseconds a date-time is later.
    fn by(&self) -> i64 {
        let days = self.days.saturating_mul(DAY);
        let minutes = self.minutes.saturating_mul(MINUTE);
        days.saturating_add(minutes).clamp(-MOST, MOST)
    }

    fn shift(&self, key: &mut Key) {
        match &mut key.matching {
            Matching::Value(date) if key.vr == VR::DA => *date = self.shifted_date(date),
            Matching::Range { from, to } if key.vr == VR::DA => {
                for end in [from, to].into_iter().flatten() {
                    *end = self.shifted_date(end);
                }
            }
            Matching::Value(text) => {
                if let Some(span) = span(key.vr, text) {
                    key.matching = self.shifted(key.vr, Some(span.first), Some(span.last));
                }
            }
            Matching::Range { from, to } => {
                let end = |text: &Option<String>, of: fn(Span) -> i64| {
                    let read = text.as_ref().map(|text| span(key.vr, text).map(of));
                    read.map_or(Some(None), |end| end.map(Some))
                };
                let ends = end(from, |span| span.first).zip(end(to, |span| span.last));
                if let Some((from, to)) = ends {
                    key.matching = self.shifted(key.vr, from, to);
                }
            }
            _ => {}
        }
    }

    /// A date on another day; anything else as it is.
    fn shifted_date(&self, text: &str) -> String {
        clock::shifted(text, self.days).unwrap_or_else(|| text.to_owned())
    }

    /// A range of times or date-times, later.
    fn shifted(&self, vr: VR, from: Option<i64>, to: Option<i64>) -> Matching {
        let minutes = self.minutes.saturating_mul(MINUTE).clamp(-DAY, DAY);
        let (from, to) = match vr {
            VR::TM => {
                let (from, to) = (from.map(|at| at + minutes), to.map(|at| at + minutes));
                let is_outside = from.is_some_and(|at| at >= DAY) || to.is_some_and(|at| at < 0);
                match is_outside {
                    // From the end of the day to its beginning: nothing.
                    true => (Some(DAY - 1), Some(0)),
                    false => (from.map(|at| at.max(0)), to.map(|at| at.min(DAY - 1))),
                }
            }
            _ => (from.map(|at| at + self.by()), to.map(|at| at + self.by())),
        };
        let text = |at: i64| match vr {
            VR::TM => clock::time(at),
            _ => clock::date_time(at),
        };
        Matching::Range {
            from: from.map(text),
            to: to.map(text),
        }
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
            let keys = search.query.keys.iter_mut();
            keys.filter(|key| self.concerns_key(key))
                .for_each(|key| self.shift(key));
        }
    }
}
