//! The proof of the checks of programs: a right program, and each check's own fault put around it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use crate::check::{Check, Level};
use crate::outcome::Outcome;
use crate::run::{Options, run};
use crate::selftest::can_be_proven;
use crate::target::Target;

use super::Program;

/// How long a program under a fault is waited for: silence is noticed sooner, and is nothing else than a failure.
const HURRY: Duration = Duration::from_secs(5);

/// What became of each check under its own fault.
#[derive(Debug)]
pub struct Proof {
    /// The checks with what they said; nothing if they did not notice.
    pub rows: Vec<(&'static Check, Option<String>)>,
    /// Checks without a fault.
    pub unproven: Vec<&'static Check>,
    /// Checks that do not apply to this program, or do not pass on it as it is.
    pub unfit: Vec<(&'static Check, String)>,
}

impl Proof {
    /// Whether every check that could be tried noticed its fault.
    pub fn is_clean(&self) -> bool {
        self.rows.iter().all(|(_, said)| said.is_some())
    }
}

/// Runs each check on the program as it is, and those that pass once more under their own fault; as many at a time as `options.jobs` says.
pub async fn prove(program: &Program, checks: &[&'static Check], options: &Options) -> Proof {
    let right = Target::of_program(program.clone());
    let report = run(&Arc::new(right), checks, options).await;
    let (mut fit, mut unproven, mut unfit) = (Vec::new(), Vec::new(), Vec::new());
    for judged in &report.checks {
        match judged.outcome {
            _ if !can_be_proven(judged.check) => unproven.push(judged.check),
            Outcome::Pass => fit.push(judged.check),
            outcome => unfit.push((judged.check, format!("{outcome}: {}", judged.got()))),
        }
    }
    let tries = fit.into_iter().map(|check| async move {
        let under = Target::of_program(Program {
            fault: Some(check.fault),
            patience: HURRY,
            ..program.clone()
        });
        let report = run(&Arc::new(under), &[check], options).await;
        let objects = |outcome| match check.level {
            Level::Must => outcome == Outcome::Fail,
            _ => matches!(outcome, Outcome::Fail | Outcome::Warn),
        };
        let judged = report.checks.first();
        let said = judged.filter(|judged| objects(judged.outcome));
        (check, said.map(|judged| judged.got().to_owned()))
    });
    let rows = stream::iter(tries)
        .buffered(options.jobs.max(1))
        .collect()
        .await;
    Proof {
        rows,
        unproven,
        unfit,
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (check, said) in &self.rows {
            let word = if said.is_some() { "killed" } else { "MISSED" };
            writeln!(f, "{word} {:<28} by {}", check.fault, check.id)?;
        }
        for (check, why) in &self.unfit {
            writeln!(f, "UNFIT  {:<28} {}: {why}", check.fault, check.id)?;
        }
        for check in &self.unproven {
            writeln!(f, "UNPROVEN {}: no fault {} yet", check.id, check.fault)?;
        }
        let killed = self.rows.iter().filter(|(_, said)| said.is_some()).count();
        writeln!(
            f,
            "\n{killed} of {} faults killed by their own check; {} unfit, {} unproven",
            self.rows.len(),
            self.unfit.len(),
            self.unproven.len()
        )
    }
}
