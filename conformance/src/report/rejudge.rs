//! Judges a saved run again, without the archive: what its checks found stays, what that amounts to may change.

use std::fmt;

use crate::outcome::Outcome;
use crate::statement::Product;
use crate::waivers::{Objection, Waivers, Word};

use super::Exit;
use super::saved::{Check, Saved};

/// What a saved run is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Known failures.
    pub waivers: &'a Waivers,
    /// Whether broken interoperability, and what is offered undeclared, fails.
    pub strict: bool,
    /// The day, as in `2026-11-21`.
    pub today: &'a str,
}

/// What it amounts to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Each check with its outcome, sorted by id.
    pub checks: Vec<(String, Outcome)>,
    /// Waivers that do not hold.
    pub objections: Vec<Objection>,
    /// What is offered and not declared.
    pub undeclared: Vec<String>,
    strict: bool,
    /// Whether the run itself saw nobody.
    unreachable: bool,
}

/// Judges a run again. Waivers of the run itself are forgotten: its failures are failures until the new ones speak.
pub fn rejudge(run: &Saved, terms: Terms<'_>) -> Judgement {
    let product = run.product.as_ref().map(|product| {
        let text = |key: &str| product[key].as_str().unwrap_or_default().to_owned();
        Product {
            name: text("name"),
            version: text("version"),
        }
    });
    let mut objections = Vec::new();
    let mut checks = Vec::new();
    for check in &run.checks {
        let found = outcome(check, terms.strict);
        let got = check.actual.as_deref().unwrap_or_default();
        let word = terms
            .waivers
            .word(&check.id, (found, got), product.as_ref(), terms.today);
        let outcome = match word {
            Word::Silent => found,
            Word::Waived(_) | Word::Flaky(_) => Outcome::Waived,
            Word::Objection(objection) => {
                objections.push(objection);
                found
            }
        };
        checks.push((check.id.clone(), outcome));
    }
    let undeclared = run.capabilities.iter();
    Judgement {
        checks,
        objections,
        undeclared: undeclared
            .filter(|it| it.declared == Some(false) && it.observed == Some(true))
            .map(|it| it.name.clone())
            .collect(),
        strict: terms.strict,
        unreachable: run.run.exit == Exit::Unreachable as u8,
    }
}

/// What a check found, before waivers. An outcome that is none is the harness's own failure.
fn outcome(check: &Check, strict: bool) -> Outcome {
    let word = match (check.outcome.as_str(), &check.waiver) {
        ("waived", Some(waiver)) => waiver["outcome"].as_str().unwrap_or("fail"),
        (word, _) => word,
    };
    let all = Outcome::ALL.into_iter();
    match all.into_iter().find(|outcome| outcome.word() == word) {
        Some(Outcome::Warn) if strict && check.level == "INTEROP" => Outcome::Fail,
        Some(outcome) => outcome,
        None => Outcome::Error,
    }
}

impl Judgement {
    /// The exit code that the run would have had.
    pub fn exit(&self) -> Exit {
        let any = |applies: fn(Outcome) -> bool| self.checks.iter().any(|(_, it)| applies(*it));
        let undeclared = self.strict && !self.undeclared.is_empty();
        [
            (any(|it| it == Outcome::Error), Exit::Broken),
            (self.unreachable, Exit::Unreachable),
            (!any(Outcome::is_judged), Exit::Usage),
            (
                any(Outcome::is_failure) || undeclared || !self.objections.is_empty(),
                Exit::Failed,
            ),
        ]
        .into_iter()
        .find_map(|(applies, exit)| applies.then_some(exit))
        .unwrap_or(Exit::Passed)
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in Outcome::ALL {
            let ids = self.checks.iter().filter(|(_, it)| *it == outcome);
            let ids: Vec<_> = ids.map(|(id, _)| id.as_str()).collect();
            match outcome {
                _ if ids.is_empty() => {}
                Outcome::Pass => writeln!(f, "{} {}", ids.len(), outcome.counted())?,
                _ => writeln!(f, "{} {}: {}", ids.len(), outcome.counted(), ids.join(", "))?,
            }
        }
        for Objection { id, what } in &self.objections {
            writeln!(f, "WAIVER {id}: {what}")?;
        }
        if !self.undeclared.is_empty() {
            writeln!(f, "undeclared: {}", self.undeclared.join(", "))?;
        }
        Ok(())
    }
}
