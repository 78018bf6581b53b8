//! How the runner ends a check that does not end by itself, and what each level costs.

use std::time::Duration;

use dicom_conformance::check::{Check, Clause, Editions, Level};
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::{Finding, Outcome};
use dicom_conformance::report::text::{Style, Times};
use dicom_conformance::report::{Exit, Report, json, junit, text};
use dicom_conformance::run::{Options, Strict, run};
use dicom_conformance::target::Target;

const CLAUSES: &[Clause] = &[Clause::ps3_18("1")];

const fn check(id: &'static str, level: Level, run: dicom_conformance::check::Run) -> Check {
    Check {
        id,
        title: "a check of the tests",
        clauses: CLAUSES,
        level,
        needs: &[],
        editions: Editions::ALL,
        profiles: &[],
        fault: "none",
        sends: "nothing",
        accepts: "nothing",
        run,
    }
}

static PASSES: Check = check("t.passes", Level::Must, |_| Box::pin(async { Ok(()) }));
static PANICS: Check = check("t.panics", Level::Must, |_| {
    Box::pin(async { panic!("an index out of bounds") })
});
static HANGS: Check = check("t.hangs", Level::Must, |_| Box::pin(std::future::pending()));
static SHOULD: Check = check("t.should", Level::Should, |_| {
    Box::pin(async { Err(Finding::fail("a status that is not recommended")) })
});
static INTEROP: Check = check("t.interop", Level::Interop, |_| {
    Box::pin(async { Err(Finding::fail("no ETag")) })
});
static UNSEEN: Check = check("t.unseen", Level::Must, |_| {
    Box::pin(async { Err(Finding::NotObserved("no 503 came".into())) })
});

async fn ended(checks: &[&'static Check], strict: Strict) -> Report {
    let mut options = Options::new(Identity::new(1));
    options.check_limit = Duration::from_millis(50);
    options.strict = strict;
    run(&Target::default().into(), checks, &options).await
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.checks.iter().map(|judged| judged.outcome).collect()
}

#[tokio::test]
async fn a_panic_is_the_harness_s_own_and_the_report_is_still_written() {
    let report = ended(&[&PANICS, &PASSES], Strict::No).await;

    assert_eq!(outcomes(&report), [Outcome::Error, Outcome::Pass]);
    assert_eq!(report.exit(), Exit::Broken);
    let text = text::render(&report, Style::PLAIN, Times::Hidden);
    assert!(text.contains("an index out of bounds"), "{text}");
    assert_eq!(json::report(&report, 0)["counts"]["error"], 1);
    assert!(junit::render(&report).unwrap().contains("<error message="));
}

#[tokio::test]
async fn a_hang_is_a_failure_and_the_next_check_runs() {
    let report = ended(&[&HANGS, &PASSES], Strict::No).await;

    assert_eq!(outcomes(&report), [Outcome::Fail, Outcome::Pass]);
    assert_eq!(report.checks[0].got(), "timeout after 0.05 s");
    assert_eq!(report.exit(), Exit::Failed);
}

#[tokio::test]
async fn a_should_warns_and_interoperability_fails_only_a_strict_run() {
    let checks = [&SHOULD, &INTEROP];
    let report = ended(&checks, Strict::No).await;
    assert_eq!(outcomes(&report), [Outcome::Warn, Outcome::Warn]);
    assert_eq!(report.exit(), Exit::Passed);

    let report = ended(&checks, Strict::Yes).await;
    assert_eq!(outcomes(&report), [Outcome::Warn, Outcome::Fail]);
    assert_eq!(report.exit(), Exit::Failed);
}

#[tokio::test]
async fn a_run_that_judged_nothing_is_no_success() {
    assert_eq!(ended(&[&UNSEEN], Strict::No).await.exit(), Exit::Usage);
}
