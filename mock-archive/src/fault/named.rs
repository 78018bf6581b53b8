//! The faults that checks name: data over the parametric ones, one line each, in a table for each part of the archive.

use std::fmt;

use serde::{Serialize, Serializer};

use super::AnyFault;
use crate::rule::Rule;

/// A fault under the name that a check knows it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The name, such as `stow.partial-200`.
    pub name: &'static str,
    /// What happens, in one line.
    pub meaning: &'static str,
    /// The checks that are expected to notice, by id.
    pub checks: &'static [&'static str],
    rule: &'static str,
}

macro_rules! named {
    ($($name:literal => $rule:literal, $meaning:literal, [$($check:literal),*];)*) => {
        pub(super) const TABLE: &[Named] = &[$(Named { name: $name, meaning: $meaning, checks: &[$($check),*], rule: $rule }),*];
    };
}

mod dimse;
mod http;
mod retrieve;
mod search;
mod state;
mod store;
mod wire;

const TABLES: &[&[Named]] = &[
    wire::TABLE,
    http::TABLE,
    store::TABLE,
    search::TABLE,
    retrieve::TABLE,
    dimse::TABLE,
    state::TABLE,
];

impl Named {
    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> + Clone {
        TABLES.iter().copied().flatten()
    }

    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::all().find(|named| named.name == name)
    }

    /// The rule it stands for.
    pub fn rule(&self) -> Rule {
        serde_json::from_str(self.rule)
            .expect("the rules in the table are valid: a test reads them all")
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// No fault has this name, or it needs fields that were not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    name: String,
    because: Because,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Because {
    NoSuchName(Vec<&'static str>),
    Incomplete(String),
}

impl UnknownFault {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            because: Because::NoSuchName(nearest(name)),
        }
    }

    pub(crate) fn incomplete(name: &str, error: &serde_json::Error) -> Self {
        Self {
            name: name.to_owned(),
            because: Because::Incomplete(error.to_string()),
        }
    }
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.because {
            Because::NoSuchName(nearest) => write!(
                f,
                "there is no fault {:?}; the nearest are {}",
                self.name,
                nearest.join(", ")
            ),
            Because::Incomplete(error) => write!(f, "fault {:?}: {error}", self.name),
        }
    }
}

impl std::error::Error for UnknownFault {}

fn nearest(name: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = Named::all()
        .map(|named| named.name)
        .chain(AnyFault::NAMES.iter().copied())
        .collect();
    names.sort_by_key(|other| distance(name, other));
    names.truncate(3);
    names
}

/// Number of single-character edits between two names (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Then;

    #[test]
    fn every_named_rule_is_valid_and_every_name_is_used_once() {
        for named in Named::all() {
            assert!(
                matches!(named.rule().then, Then::Fault(_)),
                "{}",
                named.name
            );
        }
        let mut names: Vec<_> = Named::all()
            .map(|named| named.name)
            .chain(AnyFault::NAMES.iter().copied())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Named::all().count() + AnyFault::NAMES.len());
    }

    #[test]
    fn an_unknown_name_lists_the_nearest() {
        let error = Rule::named("stow.partal-200").unwrap_err().to_string();

        assert!(
            error.starts_with(
                "there is no fault \"stow.partal-200\"; the nearest are stow.partial-200"
            ),
            "{error}"
        );
    }
}
