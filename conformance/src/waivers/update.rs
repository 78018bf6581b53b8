//! Writes the entries for what a run found, for a person to sign.

use super::{Document, Expected, Waiver, WaiverError, read};
use crate::report::saved::Saved;

/// A new file: the entries of `old` that still hold, and one without reason and owner for each check of the run that failed and has
/// none.
///
/// # Errors
/// A text that is no file of waivers; unsigned entries are taken as they are.
pub fn updated(old: &str, run: &Saved) -> Result<String, WaiverError> {
    let Document { waivers, flaky } = read(old)?;
    let mut kept: Vec<Waiver> = Vec::new();
    for waiver in waivers {
        let check = run.checks.iter().find(|check| check.id == waiver.id);
        let holds = check.is_none_or(|check| {
            matches!(check.outcome.as_str(), "waived" | "not-observed" | "error")
                || check.outcome == waiver.outcome.word()
        });
        // One that is for another product says nothing about this run.
        if holds || waiver.when.is_some() {
            kept.push(waiver);
        }
    }
    for check in &run.checks {
        let outcome = match check.outcome.as_str() {
            "fail" => Expected::Fail,
            "untestable" => Expected::Untestable,
            _ => continue,
        };
        let is_known = kept.iter().any(|waiver| waiver.id == check.id)
            || flaky.iter().any(|flaky| flaky.id == check.id);
        if !is_known {
            kept.push(Waiver::unsigned(&check.id, outcome));
        }
    }
    kept.sort_by(|a, b| a.id.cmp(&b.id));
    let document = Document {
        waivers: kept,
        flaky,
    };
    let text =
        toml::to_string(&document).map_err(|error| WaiverError::Format(error.to_string()))?;
    Ok(format!(
        "# Known failures. Each needs a reason and an owner; one that passes again makes its entry an error.\n\n{text}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::waivers::Waivers;

    fn run(outcomes: &[(&str, &str)]) -> Saved {
        let checks: Vec<_> = (outcomes.iter())
            .map(|(id, outcome)| {
                json!({
                    "id": id, "group": "stow", "title": "", "clauses": ["PS3.18 1"], "level": "MUST", "outcome": outcome,
                    "reason": null, "sent": "", "expected": [""], "actual": "", "waiver": null,
                })
            })
            .collect();
        let report = json!({
            "schema": "conformance-report/1",
            "run": {"id": "CONF-1-", "seed": 1, "edition": "2026a", "exit": 1},
            "statement": null, "counts": {}, "capabilities": [], "checks": checks, "profiles": [],
        });
        Saved::parse(&report.to_string()).unwrap()
    }

    #[test]
    fn new_failures_are_added_unsigned_and_stale_entries_go() {
        let old = "[[waiver]]\nid = \"a.holds\"\noutcome = \"fail\"\nreason = \"known\"\nowner = \"me\"\n\
                   [[waiver]]\nid = \"a.stale\"\noutcome = \"fail\"\nreason = \"known\"\nowner = \"me\"\n";
        let run = run(&[
            ("a.holds", "waived"),
            ("a.new", "fail"),
            ("a.stale", "pass"),
        ]);
        let new = updated(old, &run).unwrap();
        assert!(new.contains("a.holds") && new.contains("a.new") && !new.contains("a.stale"));
        // Nobody has signed the new one, so nobody can use the file yet.
        let error = Waivers::parse(&new, |_| true).unwrap_err();
        assert!(error.to_string().contains("a.new has no reason"), "{error}");
        assert_eq!(updated(&new, &run).unwrap(), new);
    }
}
