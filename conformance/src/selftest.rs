//! The fault matrix: what the harness is worth. Every check passes on the faithful archive and fails under its own fault.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dicom_mock_archive::fault::Named;
use tokio::task::JoinSet;

use crate::check::{Check, Known, Level, Need};
use crate::identity::Identity;
use crate::outcome::Outcome;
use crate::report::{Judged, Report};
use crate::run::{Options, run};
use crate::subject::{client, mcp};
use crate::target::embedded::{Embedded, EmbeddedError};

/// A fault cannot make a check wait longer than this.
const CHECK_LIMIT: Duration = Duration::from_secs(10);

/// So many faults are tried at the same time.
const AT_ONCE: usize = 6;

/// The group of the checks that ask whether both protocols agree.
const CONSISTENCY: &str = "x";

/// What became of every check under every fault.
#[derive(Debug)]
pub struct Matrix {
    /// Checks that did not pass on the faithful archive, with what they said.
    pub false_failures: Vec<(&'static str, String)>,
    /// One row for each check's own fault.
    pub rows: Vec<Row>,
    /// Checks whose fault the mock archive does not have yet, so that nothing proves that they can fail.
    pub unproven: Vec<&'static Check>,
}

/// The run under one fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The fault.
    pub fault: &'static str,
    /// The check that must fail under it.
    pub check: &'static str,
    /// Whether it did.
    pub killed: Killed,
    /// The other checks that failed, in order.
    pub also: Vec<&'static str>,
    /// The other checks that could not be judged, in order.
    pub untestable: Vec<&'static str>,
}

/// Whether a check noticed its fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Killed {
    /// It failed, and said this.
    Yes(String),
    /// It did not.
    No,
}

impl Row {
    /// Whether the check noticed its fault.
    pub fn is_killed(&self) -> bool {
        self.killed != Killed::No
    }
}

impl Matrix {
    /// Whether every check passed on the faithful archive and every fault was noticed by its own check.
    pub fn is_clean(&self) -> bool {
        self.false_failures.is_empty() && self.rows.iter().all(|row| row.killed != Killed::No)
    }
}

/// Runs these checks on the faithful archive, then those that could notice it under the fault of each.
///
/// # Errors
/// An archive that does not start, or does not have a fault.
pub async fn matrix(
    checks: &[&'static Check],
    identity: &Identity,
) -> Result<Matrix, EmbeddedError> {
    let mut options = Options::new(identity.clone());
    options.check_limit = CHECK_LIMIT;
    let mut false_failures = Vec::new();
    for (needs, checks) in by_policy(checks) {
        let faithful = under(&[], needs, &checks, &options).await?;
        let failures = faithful
            .checks
            .iter()
            .filter(|judged| judged.outcome != Outcome::Pass);
        false_failures.extend(failures.map(|judged| {
            (
                judged.check.id,
                format!("{}: {}", judged.outcome, judged.got()),
            )
        }));
    }

    let (proven, unproven): (Vec<&'static Check>, Vec<_>) =
        checks.iter().partition(|check| can_be_proven(check));
    let rows = prove_all(&proven, checks, &options).await?;
    Ok(Matrix {
        false_failures,
        rows,
        unproven,
    })
}

/// The rows of these checks, in order. Each has an archive of its own, so they run beside each other: on as many threads as there are,
/// and more than that, as some do nothing but wait.
async fn prove_all(
    proven: &[&'static Check],
    among: &[&'static Check],
    options: &Options,
) -> Result<Vec<Row>, EmbeddedError> {
    let mut left = proven.iter().copied().enumerate();
    let mut running = JoinSet::new();
    let mut rows = BTreeMap::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((number, check)) = left.next()
        {
            let near = among.iter().copied();
            let near: Vec<_> = near.filter(|other| is_near(check, other)).collect();
            let options = options.clone();
            running.spawn(async move { (number, prove(check, &near, &options).await) });
        }
        match running.join_next().await {
            None => return Ok(rows.into_values().collect()),
            Some(Ok((number, row))) => {
                rows.insert(number, row?);
            }
            Some(Err(ended)) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody ends them but the set itself.
                Err(_) => return Ok(rows.into_values().collect()),
            },
        }
    }
}

/// Runs the checks that could notice the fault of one of them.
async fn prove(
    check: &'static Check,
    near: &[&'static Check],
    options: &Options,
) -> Result<Row, EmbeddedError> {
    let report = under(&[check.fault], check.needs, near, options).await?;
    Ok(row(check, &report))
}

/// What a check says under its own fault; nothing if the mock archive does not have that.
///
/// # Errors
/// An archive that does not start.
pub async fn sample(
    check: &'static Check,
    identity: &Identity,
) -> Result<Option<String>, EmbeddedError> {
    if Named::find(check.fault).is_none() {
        return Ok(None);
    }
    let mut options = Options::new(identity.clone());
    options.check_limit = CHECK_LIMIT;
    Ok(match prove(check, &[check], &options).await?.killed {
        Killed::Yes(got) => Some(got),
        Killed::No => None,
    })
}

/// The row of a check that is turned off: it passes whatever comes. Who finds it killed has a matrix that proves nothing.
///
/// # Errors
/// An archive that does not start, or does not have the fault.
pub async fn prove_disarmed(
    check: &'static Check,
    identity: &Identity,
) -> Result<Row, EmbeddedError> {
    let mut options = Options::new(identity.clone());
    options.check_limit = CHECK_LIMIT;
    options.disarmed = Some(check.id);
    prove(check, &[check], &options).await
}

/// Whether there is the fault under which the check must fail: one of the mock archive's, or one around a program.
pub fn can_be_proven(check: &Check) -> bool {
    Named::find(check.fault).is_some()
        || mcp::tamper::Fault::find(check.fault).is_some()
        || client::fault::find(check.fault).is_some()
}

/// Whether the second check could notice the fault of the first: it asks about the same service, or about the agreement of all.
fn is_near(check: &Check, other: &Check) -> bool {
    other.group() == check.group() || other.group() == CONSISTENCY
}

/// Checks that the default policy does not suffice for, each with what it needs; before them all others.
fn by_policy(checks: &[&'static Check]) -> Vec<(&'static [Need], Vec<&'static Check>)> {
    let (plain, special): (Vec<&'static Check>, Vec<_>) = checks
        .iter()
        .partition(|check| is_offered_by_default(check));
    let special = special.into_iter().map(|check| (check.needs, vec![check]));
    std::iter::once((&[][..], plain)).chain(special).collect()
}

/// Whether the embedded archive under its default policy offers all that the check needs.
pub fn is_offered_by_default(check: &Check) -> bool {
    let mut needs = check.needs.iter();
    needs.all(|need| need.known() == Known::Observed)
}

async fn under(
    faults: &[&str],
    needs: &[Need],
    checks: &[&'static Check],
    options: &Options,
) -> Result<Report, EmbeddedError> {
    let (_archive, target) = Embedded::offering(needs, faults).await?;
    Ok(run(&Arc::new(target), checks, options).await)
}

fn row(check: &'static Check, report: &Report) -> Row {
    use Outcome::{Fail, Untestable};
    let ended = |outcome| {
        let others = report
            .checks
            .iter()
            .filter(move |it| it.outcome == outcome && it.check.id != check.id);
        others.map(|it| it.check.id).collect()
    };
    let own = report
        .checks
        .iter()
        .find(|judged| judged.check.id == check.id && is_objection(judged));
    Row {
        fault: check.fault,
        check: check.id,
        killed: own.map_or(Killed::No, |judged| Killed::Yes(judged.got().to_owned())),
        also: ended(Fail),
        untestable: ended(Untestable),
    }
}

/// Whether a check objected as loudly as its level lets it: what is no "shall" warns.
fn is_objection(judged: &Judged) -> bool {
    match judged.check.level {
        Level::Must => judged.outcome == Outcome::Fail,
        _ => matches!(judged.outcome, Outcome::Fail | Outcome::Warn),
    }
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (check, got) in &self.false_failures {
            writeln!(f, "FALSE  {check} on the faithful archive: {got}")?;
        }
        for row in &self.rows {
            let word = if row.killed == Killed::No {
                "MISSED"
            } else {
                "killed"
            };
            writeln!(f, "{word} {:<28} by {}", row.fault, row.check)?;
            for (what, ids) in [("also fails", &row.also), ("untestable", &row.untestable)] {
                if !ids.is_empty() {
                    writeln!(f, "       {what}: {}", ids.join(", "))?;
                }
            }
        }
        for check in &self.unproven {
            writeln!(f, "UNPROVEN {}: no fault {} yet", check.id, check.fault)?;
        }
        let killed = self
            .rows
            .iter()
            .filter(|row| row.killed != Killed::No)
            .count();
        let alone = self
            .rows
            .iter()
            .filter(|row| row.also.is_empty() && row.untestable.is_empty())
            .count();
        writeln!(
            f,
            "\n{killed} of {} faults killed by their own check, {alone} of them by no other; {} checks unproven; {} false failures",
            self.rows.len(),
            self.unproven.len(),
            self.false_failures.len()
        )
    }
}
