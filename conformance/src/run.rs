//! Runs checks: the smoke run first, then one check after the other, each with its own connections, data and time limit.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout};

use crate::check::{Check, Edition, Level, Need};
use crate::context::Context;
use crate::identity::Identity;
use crate::observe::Observed;
use crate::outcome::{Difference, Finding, Outcome};
use crate::report::{Judged, Report};
use crate::target::Target;

/// How to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The run's names and chance.
    pub identity: Identity,
    /// Which edition of the standard the archive is held to.
    pub edition: Edition,
    /// Whether interoperability checks fail the run.
    pub strict: Strict,
    /// The longest that one check may take.
    pub check_limit: Duration,
    /// The longest that all of them may take.
    pub run_limit: Duration,
}

/// Whether a broken interoperability check is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strict {
    /// It fails.
    Yes,
    /// It warns.
    No,
}

impl Options {
    /// As on the command line without flags.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            edition: Edition::E2026a,
            strict: Strict::No,
            check_limit: Duration::from_secs(30),
            run_limit: Duration::from_secs(600),
        }
    }
}

/// Judges a target by these checks.
pub async fn run(target: &Arc<Target>, checks: &[&'static Check], options: &Options) -> Report {
    let start = Instant::now();
    let end = start + options.run_limit;
    let smoke_limit = options.check_limit.min(options.run_limit);
    let observed = Arc::new(Observed::of(target, &options.identity, smoke_limit).await);

    let mut judged = Vec::new();
    for check in checks {
        let left = end.saturating_duration_since(Instant::now());
        judged.push(judge(check, target, &observed, options, left).await);
    }
    Report {
        identity: options.identity.clone(),
        edition: options.edition,
        target: target.clone(),
        observed,
        checks: judged,
        took: start.elapsed(),
    }
}

async fn judge(
    check: &'static Check,
    target: &Arc<Target>,
    observed: &Arc<Observed>,
    options: &Options,
    left: Duration,
) -> Judged {
    let start = Instant::now();
    let context = Context::new(check, &options.identity, target, observed, options.edition);
    let finding = match prerequisite(check, observed, left) {
        Some(finding) => Some(finding),
        None => {
            let limit = options.check_limit.min(left);
            match timeout(
                limit,
                AssertUnwindSafe((check.run)(&context)).catch_unwind(),
            )
            .await
            {
                Ok(Ok(verdict)) => verdict.err(),
                Ok(Err(panic)) => Some(Finding::Error(format!(
                    "the check panicked: {}",
                    words(&*panic)
                ))),
                Err(_) => Some(timed_out(&context, limit)),
            }
        }
    };
    let mut judged = Judged::new(check, context.transcript().clone(), start.elapsed());
    match finding {
        None => {}
        Some(Finding::Fail(difference)) => {
            judged.outcome = match (check.level, options.strict) {
                (Level::Must, _) | (Level::Interop, Strict::Yes) => Outcome::Fail,
                _ => Outcome::Warn,
            };
            judged.difference = Some(difference);
        }
        Some(Finding::Warn(difference)) => {
            judged.outcome = Outcome::Warn;
            judged.difference = Some(difference);
        }
        Some(Finding::NotApplicable(reason)) => judged.put(Outcome::NotApplicable, reason),
        Some(Finding::NotObserved(reason)) => judged.put(Outcome::NotObserved, reason),
        Some(Finding::Error(reason)) => judged.put(Outcome::Error, reason),
        Some(Finding::Untestable { because, reason }) => {
            judged.put(Outcome::Untestable, reason);
            judged.because = Some(because);
        }
    }
    judged
}

fn timed_out(context: &Context, limit: Duration) -> Finding {
    let waiting = context.transcript().last_request();
    let waiting = waiting.map_or_else(String::new, |request| format!(", after {request}"));
    Finding::fail(format!("timeout after {} s{waiting}", limit.as_secs_f32()))
}

/// What stands in the way of a check before it has begun.
fn prerequisite(check: &Check, observed: &Observed, left: Duration) -> Option<Finding> {
    if let Some(need) = check.needs.iter().find(|&&need| !observed.offers(need)) {
        let source = observed
            .all()
            .get(need)
            .map_or("", |observation| observation.source.as_str());
        return Some(Finding::NotApplicable(format!("{need}: {source}")));
    }
    let closed = observed
        .unreachable()
        .iter()
        .find(|(door, _)| check.needs.iter().any(|need: &Need| need.door() == *door));
    if let Some((_, reason)) = closed {
        return Some(Finding::Untestable {
            because: "smoke",
            reason: reason.clone(),
        });
    }
    if left.is_zero() {
        return Some(Finding::Untestable {
            because: "run-limit",
            reason: "the time of the run was used up".into(),
        });
    }
    None
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

impl Judged {
    fn put(&mut self, outcome: Outcome, reason: String) {
        self.outcome = outcome;
        self.difference = Some(Difference {
            expected: None,
            got: reason,
        });
    }
}
