//! A server that answers without being an archive passes nothing, and cannot keep the harness waiting.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dicom_conformance::catalogue;
use dicom_conformance::check::{Level, ProfileVerdict};
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::report::{Exit, Judged, Report};
use dicom_conformance::run::{Options, run};

use crate::liar::{Answer, Liar, Manner, Response};

/// The upper layer of the liars is that of a library, and success is the right answer to an echo: what is asked of these, they do.
const HONEST: [&str; 3] = ["ul.", "echo.success", "cmd.echoes-message-id"];

async fn judge(answer: Answer, manner: Manner) -> (Report, Exit) {
    let liar = Liar::start(answer, manner).await;
    let mut options = Options::new(Identity::new(41));
    options.check_limit = Duration::from_millis(500);
    options.run_limit = Duration::from_secs(20);
    let report = run(&Arc::new(liar.target.clone()), catalogue::all(), &options).await;
    let exit = report.exit();
    (report, exit)
}

fn passed(report: &Report) -> Vec<&'static str> {
    let passed = report
        .checks
        .iter()
        .filter(|judged| judged.outcome == Outcome::Pass);
    passed
        .map(|judged| judged.check.id)
        .filter(|id| !HONEST.iter().any(|honest| id.starts_with(honest)))
        .collect()
}

/// What the liar lies about: everything but the upper layer, which it has from a library.
fn is_claimed(judged: &Judged) -> bool {
    !HONEST
        .iter()
        .any(|honest| judged.check.id.starts_with(honest))
}

#[tokio::test]
async fn liars_pass_no_check_and_no_run() {
    let liars: [(&str, Answer); 6] = [
        ("empty 200", |_| Response::new(200, "", "")),
        (
            "[] to every GET, 409 to every POST",
            |request| match request.method.as_str() {
                "GET" => Response::new(200, "application/dicom+json", "[]"),
                _ => Response::new(409, "", ""),
            },
        ),
        ("always 500", |_| {
            Response::new(500, "text/html", "<h1>oops</h1>")
        }),
        ("always 404", |_| Response::new(404, "", "")),
        ("echo", |request| {
            Response::new(200, &request.content_type, request.body.clone())
        }),
        ("random JSON", |_| {
            Response::new(
                200,
                "application/dicom+json",
                r#"[{"0020000D":{"vr":"UI","Value":["1.2.3"]},"00081199":{"vr":"SQ","Value":[{}]}}]"#,
            )
        }),
    ];
    for (name, answer) in liars {
        for manner in [Manner::Agree, Manner::Abort] {
            let (report, exit) = judge(answer, manner).await;
            assert_eq!(passed(&report), Vec::<&str>::new(), "{name}");
            assert!(exit >= Exit::Failed, "{name}: {exit:?}");
            let musts = (report.checks.iter()).filter(|it| it.check.level == Level::Must);
            let musts: Vec<_> = musts.filter(|it| is_claimed(it)).collect();
            let passed = musts.iter().filter(|it| it.outcome == Outcome::Pass);
            let passed = passed.count();
            assert!(
                passed * 20 < musts.len(),
                "{name}: {passed} of {}",
                musts.len()
            );
            let profiles = report.profiles();
            assert!(
                profiles.iter().all(|it| it.verdict == ProfileVerdict::Fail),
                "{name}: {profiles:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_that_never_answers_ends_the_run_in_time() {
    let start = Instant::now();
    let (report, exit) = judge(|_| None, Manner::Silence).await;

    assert_eq!(exit, Exit::Unreachable);
    assert!(report.count(Outcome::Untestable) > 0);
    for judged in &report.checks {
        assert!(
            matches!(
                judged.outcome,
                Outcome::Untestable | Outcome::Fail | Outcome::Warn | Outcome::NotApplicable
            ),
            "{}: {}",
            judged.check.id,
            judged.outcome
        );
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_server_that_hangs_later_fails_by_timeout_and_does_not_hold_up_the_next_check() {
    // Searches are answered, so the smoke run gets through; stores hang.
    let start = Instant::now();
    let (report, exit) = judge(
        |request| match request.method.as_str() {
            "GET" => Response::new(200, "application/dicom+json", "[]"),
            _ => None,
        },
        Manner::Agree,
    )
    .await;

    assert_eq!(exit, Exit::Unreachable);
    assert_eq!(passed(&report), Vec::<&str>::new());
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn the_run_limit_ends_a_run_of_many_slow_checks() {
    let liar = Liar::start(|_| Response::new(500, "", ""), Manner::Agree).await;
    let mut options = Options::new(Identity::new(41));
    options.run_limit = Duration::from_millis(1);
    let report = run(&Arc::new(liar.target.clone()), catalogue::all(), &options).await;

    let applicable = catalogue::all().len() - report.count(Outcome::NotApplicable);
    assert_eq!(report.count(Outcome::Untestable), applicable);
    assert!(applicable > 0);
    assert!(report.exit() >= Exit::Failed);
}

#[tokio::test]
async fn a_server_that_hangs_ends_the_run_within_its_limit() {
    let liar = Liar::start(|_| None, Manner::Silence).await;
    let mut options = Options::new(Identity::new(41));
    options.run_limit = Duration::from_secs(1);
    let start = Instant::now();
    let report = run(&Arc::new(liar.target.clone()), catalogue::all(), &options).await;

    assert_eq!(report.exit(), Exit::Unreachable);
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let mut target = Liar::start(|_| None, Manner::Agree).await.target.clone();
    // The liar is dropped, its ports are closed.
    target.destination = None;
    let report = run(
        &Arc::new(target),
        catalogue::all(),
        &Options::new(Identity::new(1)),
    )
    .await;

    assert_eq!(report.exit(), Exit::Unreachable);
    assert_eq!(report.observed.unreachable().len(), 2);
}
