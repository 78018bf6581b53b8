//! The ways in which archives compare otherwise than PS3.4 C.2.2.2 says.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Shift;

/// One of these ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quirk {
    /// One key that matches is enough.
    AnyKey,
    /// Texts match in any case, not only names.
    AnyCase,
    /// Names match with and without accents.
    AnyAccent,
    /// `*` and `?` are characters like any other; a lone `*` still matches everything.
    LiteralWildcards,
    /// `?` is any run of characters, as `*` is.
    QuestionIsAnyRun,
    /// A lone `*` matches only what has a value.
    StarNeedsValue,
    /// `%` is any run of characters and `_` any one, as in SQL.
    PercentIsWildcard,
    /// Of a list of values only the first is looked for.
    FirstOfList,
    /// The ends of a range are not in it.
    ExclusiveRanges,
    /// A range with one end matches nothing.
    NoOpenRanges,
    /// Dates and times are compared with the ends of a range as texts.
    RangesAsText,
    /// A range of dates and one of times are two keys, not one interval.
    SeparateRanges,
    /// Fuzzy matching leaves out what matches to the letter.
    FuzzyOnly,
    /// Names match in the case that they are stored in, and in no other.
    ExactNames,
}

/// A set of them, and how far off dates and times are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    set: u16,
    shift: Shift,
}

impl Quirks {
    /// As the standard says.
    pub const NONE: Self = Self {
        set: 0,
        shift: Shift::NONE,
    };

    /// With this one too.
    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Self {
        Self {
            set: self.set | 1 << quirk as u16,
            ..self
        }
    }

    /// Without this one.
    #[must_use]
    pub const fn without(self, quirk: Quirk) -> Self {
        Self {
            set: self.set & !(1 << quirk as u16),
            ..self
        }
    }

    /// With dates and times so much further off.
    #[must_use]
    pub fn shifted(self, shift: Shift) -> Self {
        let shift = self.shift.and(shift);
        Self { shift, ..self }
    }

    /// Whether this one is in it.
    pub const fn has(self, quirk: Quirk) -> bool {
        self.set & 1 << quirk as u16 != 0
    }

    /// How far off dates and times are.
    pub const fn shift(self) -> Shift {
        self.shift
    }

    /// Whether it is empty.
    pub const fn is_none(self) -> bool {
        self.set == 0 && self.shift.is_none()
    }
}
