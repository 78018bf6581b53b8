//! What changed between two runs.

use std::collections::BTreeMap;
use std::fmt;

use super::saved::Saved;

/// The checks whose outcome is another one, by what that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Fail or are untestable now, and did not.
    pub failing: Vec<Change>,
    /// Pass now, and did not.
    pub passing: Vec<Change>,
    /// Changed in another way.
    pub other: Vec<Change>,
    /// Only in the new run.
    pub appeared: Vec<String>,
    /// Only in the old run.
    pub vanished: Vec<String>,
}

/// A check that ended in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The check.
    pub id: String,
    /// How it ended in the old run.
    pub old: String,
    /// How it ended in the new one.
    pub new: String,
    /// What came in the new one.
    pub got: String,
}

/// Compares two runs. A check that is only in the new run and fails there is newly failing.
pub fn diff(old: &Saved, new: &Saved) -> Difference {
    let before: BTreeMap<_, _> = (old.checks.iter())
        .map(|check| (check.id.as_str(), check.outcome.as_str()))
        .collect();
    let mut difference = Difference::default();
    for check in &new.checks {
        let was = before.get(check.id.as_str()).copied();
        if was.is_none() {
            difference.appeared.push(check.id.clone());
        }
        let change = Change {
            id: check.id.clone(),
            old: was.unwrap_or("absent").to_owned(),
            new: check.outcome.clone(),
            got: check.actual.clone().unwrap_or_default(),
        };
        match (was, check.outcome.as_str()) {
            (was, now) if was == Some(now) => {}
            // To fail in another way is nothing new.
            (was, now) if is_failure(now) && !was.is_some_and(is_failure) => {
                difference.failing.push(change);
            }
            (None, _) => {}
            (Some(_), "pass") => difference.passing.push(change),
            (Some(_), _) => difference.other.push(change),
        }
    }
    let has = |id: &str| new.checks.iter().any(|check| check.id == id);
    difference.vanished = (old.checks.iter())
        .map(|check| check.id.clone())
        .filter(|id| !has(id))
        .collect();
    difference
}

fn is_failure(outcome: &str) -> bool {
    matches!(outcome, "fail" | "untestable")
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, changes) in [
            ("newly failing", &self.failing),
            ("newly passing", &self.passing),
            ("otherwise changed", &self.other),
        ] {
            if !changes.is_empty() {
                writeln!(f, "{what}: {}", changes.len())?;
            }
            for Change { id, old, new, got } in changes {
                let got: String = got
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .take(200)
                    .collect();
                writeln!(f, "  {id:<36} {old} -> {new}  {got}")?;
            }
        }
        for (what, ids) in [("appeared", &self.appeared), ("vanished", &self.vanished)] {
            if !ids.is_empty() {
                writeln!(f, "{what}: {}\n  {}", ids.len(), ids.join(", "))?;
            }
        }
        if *self == Self::default() {
            writeln!(f, "no difference")?;
        }
        Ok(())
    }
}
