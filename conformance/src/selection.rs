//! Which checks a run contains.

use crate::catalogue;
use crate::check::{Check, Edition, Profile};
use crate::subject::Subject;

/// What was asked for on the command line.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids, prefixes of ids or clauses; empty for all.
    pub only: Vec<String>,
    /// The same, to leave out.
    pub skip: Vec<String>,
    /// Profiles; empty for all checks.
    pub profiles: Vec<String>,
    /// Of what.
    pub subject: Subject,
}

/// Why a selection selects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A selector that fits no check.
    #[error("no check is called or begins with {0:?}, and none stands on such a clause")]
    NoSuchCheck(String),
    /// A profile that does not exist.
    #[error("no profile is called {0:?}; there are {known}", known = Profile::ALL.iter().copied().map(Profile::word).collect::<Vec<_>>().join(", "))]
    NoSuchProfile(String),
    /// Everything was left out.
    #[error("no check is left of the selection")]
    Empty,
}

impl Selection {
    /// The checks of the catalogue that are meant, in its order; those that need the most basic things first.
    ///
    /// # Errors
    /// A selector without effect, or nothing left.
    pub fn checks(&self, edition: Edition) -> Result<Vec<&'static Check>, SelectionError> {
        for selector in self.only.iter().chain(&self.skip) {
            if !catalogue::of(self.subject)
                .iter()
                .any(|check| selects(selector, check))
            {
                return Err(SelectionError::NoSuchCheck(selector.clone()));
            }
        }
        for name in &self.profiles {
            if !Profile::ALL.iter().any(|profile| profile.word() == name) {
                return Err(SelectionError::NoSuchProfile(name.clone()));
            }
        }
        let asked = self.asked();
        let wanted = |check: &Check| {
            let only =
                self.only.is_empty() || self.only.iter().any(|selector| selects(selector, check));
            let skip = self.skip.iter().any(|selector| selects(selector, check));
            let profile = asked.is_empty() || asked.iter().any(|profile| profile.contains(check));
            only && !skip && profile && check.editions.contains(edition)
        };
        let checks: Vec<_> = catalogue::of(self.subject)
            .iter()
            .copied()
            .filter(|check| wanted(check))
            .collect();
        if checks.is_empty() {
            Err(SelectionError::Empty)
        } else {
            Ok(checks)
        }
    }

    /// The profiles that are asked for.
    pub fn asked(&self) -> Vec<Profile> {
        let all = Profile::ALL.iter().copied();
        all.filter(|profile| self.profiles.iter().any(|name| name == profile.word()))
            .collect()
    }

    /// Whether it is the whole catalogue.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty() && self.profiles.is_empty()
    }
}

/// An id, the beginning of one up to a dot, or a clause as in `PS3.18/10.5`.
fn selects(selector: &str, check: &Check) -> bool {
    if selector.contains('/') {
        return check.clauses.iter().any(|clause| clause.is_under(selector));
    }
    let prefix = selector.strip_suffix('.').unwrap_or(selector);
    check
        .id
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with('.') || rest.is_empty() && !selector.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>, SelectionError> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let selection = Selection {
            only: owned(only),
            skip: owned(skip),
            ..Selection::default()
        };
        Ok(selection
            .checks(Edition::E2026a)?
            .iter()
            .map(|check| check.id)
            .collect())
    }

    #[test]
    fn an_id_a_prefix_and_a_clause_select() {
        assert_eq!(
            ids(&["stow.partial.202"], &[]).unwrap(),
            ["stow.partial.202"]
        );
        let partial = ids(&["stow.partial."], &[]).unwrap();
        assert!(partial.len() >= 3);
        assert!(partial.iter().all(|id| id.starts_with("stow.partial.")));
        let searches = ids(&["qido"], &["qido.page"]).unwrap();
        assert!(searches.contains(&"qido.set.exact"));
        assert!(!searches.iter().any(|id| id.starts_with("qido.page")));
        let fragments = ids(&["PS3.8/E"], &[]).unwrap();
        assert!(fragments.contains(&"ul.pdv.fragments"));
        assert!(fragments.len() < ids(&["PS3.8/9", "PS3.8/E"], &[]).unwrap().len());
        assert!(
            ids(&["PS3.18/10.4.3.3.2"], &[])
                .unwrap()
                .contains(&"wado.meta.complete")
        );
        assert_eq!(ids(&[], &[]).unwrap().len(), catalogue::all().len());
    }

    #[test]
    fn a_selector_without_effect_is_an_error() {
        assert_eq!(
            ids(&["stow.part"], &[]),
            Err(SelectionError::NoSuchCheck("stow.part".into()))
        );
        assert_eq!(
            ids(&["PS3.3/1"], &[]),
            Err(SelectionError::NoSuchCheck("PS3.3/1".into()))
        );
        assert_eq!(ids(&["qido"], &["qido."]), Err(SelectionError::Empty));
    }
}
