//! Runs checks: the smoke run first, then the checks, each with its own connections, data and time limit; several at once if asked to.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::{Instant, timeout};

use crate::check::{Check, Edition, Known, Level, Need, Profile};
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
    /// The profiles that were asked for by name: not to pass one fails the run.
    pub asked: Vec<Profile>,
    /// Checks that are known to fail at times: they run [`TIMES`] times, so that the report can say how often.
    pub flaky: Vec<&'static str>,
    /// A check that is turned off, so that it passes whatever comes: to see who notices.
    pub disarmed: Option<&'static str>,
    /// How many checks run at once.
    pub jobs: usize,
    /// The longest that one check may take.
    pub check_limit: Duration,
    /// The longest that all of them may take.
    pub run_limit: Duration,
}

/// How often a check runs that is known to fail at times.
pub const TIMES: usize = 5;

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
            asked: Vec::new(),
            flaky: Vec::new(),
            disarmed: None,
            jobs: 1,
            check_limit: Duration::from_secs(30),
            run_limit: Duration::from_secs(600),
        }
    }
}

/// Judges a target by these checks.
pub async fn run(target: &Arc<Target>, checks: &[&'static Check], options: &Options) -> Report {
    run_telling(target, checks, options, &|_| {}).await
}

/// The same, telling of each check as it ends. The report has them in the order of `checks`, however many run at once.
pub async fn run_telling(
    target: &Arc<Target>,
    checks: &[&'static Check],
    options: &Options,
    tell: &(dyn Fn(&Judged) + Send + Sync),
) -> Report {
    let start = Instant::now();
    let end = start + options.run_limit;
    // Each door has half of the run, so that two that hang leave it within its limit.
    let smoke_limit = options.check_limit.min(options.run_limit / 2);
    let observed = Arc::new(Observed::of(target, &options.identity, smoke_limit).await);
    let observed = &observed;

    let ended = |(place, check): (usize, &'static Check)| {
        let ended = async move {
            let left = end.saturating_duration_since(Instant::now());
            let judged = judge(check, target, observed, options, left).await;
            tell(&judged);
            (place, judged)
        };
        ended.boxed()
    };
    // Who counts associations or measures times wants to be alone.
    let (together, alone): (Vec<_>, Vec<_>) =
        (checks.iter().copied().enumerate()).partition(|(_, check)| {
            check
                .needs
                .iter()
                .all(|need| need.known() != Known::Claimed)
        });
    let together: Vec<_> = together.into_iter().map(ended).collect();
    let mut judged: Vec<_> = stream::iter(together)
        .buffer_unordered(options.jobs.max(1))
        .collect()
        .await;
    for one in alone {
        judged.push(ended(one).await);
    }
    judged.sort_by_key(|(place, _)| *place);
    let checks: Vec<_> = judged.into_iter().map(|(_, judged)| judged).collect();

    let mut rates = BTreeMap::new();
    for judged in checks
        .iter()
        .filter(|it| options.flaky.contains(&it.check.id))
    {
        let mut failed = usize::from(judged.outcome.is_failure());
        for again in 1..TIMES {
            let mut options = options.clone();
            options.identity = options.identity.again(again);
            let left = end.saturating_duration_since(Instant::now());
            let judged = judge(judged.check, target, observed, &options, left).await;
            failed += usize::from(judged.outcome.is_failure());
        }
        rates.insert(judged.check.id, (failed, TIMES));
    }
    Report {
        identity: options.identity.clone(),
        edition: options.edition,
        target: target.clone(),
        observed: observed.clone(),
        checks,
        strict: options.strict,
        asked: options.asked.clone(),
        objections: Vec::new(),
        rates,
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
        _ if options.disarmed == Some(check.id) => None,
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

/// What a check waits for whose capability is declared and not offered.
pub const DECLARED: &str = "declared-vs-observed";

fn timed_out(context: &Context, limit: Duration) -> Finding {
    let waiting = context.transcript().last_request();
    let waiting = waiting.map_or_else(String::new, |request| format!(", after {request}"));
    Finding::fail(format!("timeout after {} s{waiting}", limit.as_secs_f32()))
}

/// What stands in the way of a check before it has begun.
fn prerequisite(check: &Check, observed: &Observed, left: Duration) -> Option<Finding> {
    let lacking: Vec<_> = (check.needs.iter())
        .filter_map(|need| Some((need, observed.all().get(need)?)))
        .filter(|(_, seen)| !seen.offered)
        .collect();
    // One that nobody declares is enough not to ask.
    let absent = lacking.iter().find(|(_, seen)| seen.declared != Some(true));
    if let Some((need, seen)) = absent {
        return Some(Finding::NotApplicable(format!("{need}: {}", seen.source)));
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
    if let Some((need, seen)) = lacking.first() {
        return Some(Finding::Untestable {
            because: DECLARED,
            reason: format!("declared, not offered: {need}: {}", seen.source),
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
