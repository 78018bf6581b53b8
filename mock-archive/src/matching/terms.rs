//! What an index has to know of an attribute to answer a key without looking at every data set.
//!
//! A value is filed under its terms; a key says which terms it wants. Both agree with [`matches`](super::matches): it is the oracle that a test compares with.

use std::ops::RangeInclusive;

use dicom_core::VR;
use dicom_object::mem::InMemElement;
use dicom_wire::moment;
use dicom_wire::query::{Key, Matching};

use super::{Style, is_text, text, values};

/// What a value is filed under.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Term {
    /// The first microsecond of a day.
    Day(i64),
    /// A text: a name's component group, or the value.
    Text(String),
}

/// The terms that a key wants.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// Days from one to another.
    Days(RangeInclusive<i64>),
    /// One of these texts.
    Texts(Vec<String>),
    /// Every text that a pattern fits.
    Pattern(String),
}

/// Whether a data set that has a wanted term is sure to match the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// It matches.
    Sure,
    /// It has to be looked at.
    Open,
}

/// The terms of an attribute's values.
pub(crate) fn of(element: &InMemElement) -> Vec<Term> {
    let values = values(element)
        .into_iter()
        .filter(|value| !value.is_empty());
    match element.vr() {
        VR::DA => values
            .filter_map(|value| Some(Term::Day(moment::span(VR::DA, &value)?.first)))
            .collect(),
        VR::PN => values
            .flat_map(|value| value.split('=').map(text::normal).collect::<Vec<_>>())
            .map(Term::Text)
            .collect(),
        _ => values.map(Term::Text).collect(),
    }
}

/// What a key wants of an attribute that has this VR wherever it is; `None` where terms cannot tell.
pub(crate) fn wanted(key: &Key, style: Style) -> Option<(Wanted, Certainty)> {
    match (key.vr, &key.matching) {
        // Matches what has no value, too.
        (_, Matching::Wildcard(pattern)) if pattern.chars().all(|c| c == '*') => None,
        (VR::DA, Matching::Range { from, to }) => {
            let end = |text: &Option<String>| moment::span(VR::DA, text.as_deref()?);
            let first = end(from).map_or(i64::MIN, |day| day.first);
            let last = end(to).map_or(i64::MAX, |day| day.last);
            let certainty = match style.combined {
                true => Certainty::Open,
                false => Certainty::Sure,
            };
            Some((Wanted::Days(first..=last), certainty))
        }
        (VR::DA, Matching::Value(day)) => {
            let day = moment::span(VR::DA, day)?;
            Some((Wanted::Days(day.first..=day.last), Certainty::Sure))
        }
        (VR::PN, Matching::Value(name) | Matching::Wildcard(name))
            if !style.fuzzy && !name.contains('=') =>
        {
            Some((Wanted::Pattern(text::normal(name)), Certainty::Sure))
        }
        (VR::PN | VR::DA, _) => None,
        (_, Matching::Value(value)) => Some((Wanted::Texts(vec![value.clone()]), Certainty::Sure)),
        (vr, Matching::List(values))
            if !values
                .iter()
                .any(|value| is_text(vr) && value.contains(['*', '?'])) =>
        {
            Some((Wanted::Texts(values.clone()), Certainty::Sure))
        }
        (_, Matching::Wildcard(pattern)) => {
            Some((Wanted::Pattern(pattern.clone()), Certainty::Sure))
        }
        _ => None,
    }
}

impl Wanted {
    /// The part of a pattern before its first wildcard; a text without is its own.
    pub(crate) fn prefix(pattern: &str) -> &str {
        &pattern[..pattern.find(['*', '?']).unwrap_or(pattern.len())]
    }

    /// Whether a pattern fits a text.
    pub(crate) fn fits(pattern: &str, text: &str) -> bool {
        text::wildcard(pattern, text)
    }
}
