//! A statement against what is seen, and waivers against what fails.

use std::sync::Arc;

use dicom_conformance::catalogue;
use dicom_conformance::check::{Check, Need, Profile, ProfileVerdict};
use dicom_conformance::identity::Identity;
use dicom_conformance::observe::Observed;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::report::{Exit, Report};
use dicom_conformance::run::{DECLARED, Options, Strict, TIMES, run};
use dicom_conformance::statement::{Statement, compare, draft};
use dicom_conformance::target::embedded::Embedded;
use dicom_conformance::waivers::Waivers;

const ALL_WEB: &str = "\"store\", \"search\", \"retrieve\"";

fn statement(web: &str) -> String {
    format!(
        "statement = 1\n[product]\nname = \"Example\"\nversion = \"2.1\"\n[web]\nservices = [{web}]\n\
         [dimse]\nservices = [\"echo\", \"c-store\"]\n"
    )
}

fn checks(ids: &[&str]) -> Vec<&'static Check> {
    ids.iter().map(|id| catalogue::find(id).unwrap()).collect()
}

async fn judged(statement: Option<&str>, faults: &[&str], ids: &[&str], strict: Strict) -> Report {
    let (_archive, mut target) = Embedded::start(faults).await.unwrap();
    target.statement = statement.map(|text| Arc::new(Statement::parse(text).unwrap()));
    let mut options = Options::new(Identity::new(41));
    options.strict = strict;
    run(&Arc::new(target), &checks(ids), &options).await
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.checks.iter().map(|judged| judged.outcome).collect()
}

#[tokio::test]
async fn what_is_declared_and_not_offered_is_untestable_and_fails() {
    let text = statement(&format!("{ALL_WEB}, \"delete\", \"rendered\", \"caps\""));
    let report = judged(
        Some(&text),
        &["caps.options-404"],
        &["web.caps.options-200"],
        Strict::No,
    )
    .await;
    match report.checks[0].outcome {
        // The fault leaves the service there, and wrong.
        Outcome::Fail => {}
        Outcome::Untestable => assert_eq!(report.checks[0].because, Some(DECLARED)),
        other => panic!("{other}: {}", report.checks[0].got()),
    }
    let report = judged(Some(&text), &[], &["qido.media.xml"], Strict::No).await;
    assert_eq!(outcomes(&report), [Outcome::Pass]);
    assert!(report.undeclared().contains(&Need::SearchXml));
    assert_eq!(report.exit(), Exit::Passed);
    // A C-FIND is declared where there is no DIMSE at all, and no C-GET is.
    let dead = "statement = 1\n[dimse]\nservices = [\"c-store\", \"c-find\"]\n";
    let (_archive, mut target) = Embedded::start(&[]).await.unwrap();
    target.dimse = None;
    target.statement = Some(Arc::new(Statement::parse(dead).unwrap()));
    let options = Options::new(Identity::new(41));
    let report = run(
        &Arc::new(target),
        &checks(&["find.none", "get.final-counts"]),
        &options,
    )
    .await;
    assert_eq!(
        outcomes(&report),
        [Outcome::Untestable, Outcome::NotApplicable]
    );
    assert_eq!(report.checks[0].because, Some(DECLARED));
    assert!(report.checks[0].got().starts_with("declared, not offered"));
    assert_eq!(report.exit(), Exit::Failed);
}

#[tokio::test]
async fn what_is_offered_undeclared_fails_only_a_strict_run() {
    let text = statement(ALL_WEB);
    for (strict, exit) in [(Strict::No, Exit::Passed), (Strict::Yes, Exit::Failed)] {
        let report = judged(Some(&text), &[], &["find.none"], strict).await;
        assert_eq!(outcomes(&report), [Outcome::Pass]);
        assert!(report.undeclared().contains(&Need::CFind));
        assert_eq!(report.exit(), exit);
    }
    // Without a statement nothing is undeclared.
    let report = judged(None, &[], &["find.none"], Strict::Yes).await;
    assert_eq!(
        (report.undeclared(), report.exit()),
        (Vec::new(), Exit::Passed)
    );
}

#[tokio::test]
async fn a_draft_declares_exactly_what_was_seen() {
    let (_archive, target) = Embedded::start(&[]).await.unwrap();
    let target = Arc::new(target);
    let identity = Identity::new(41);
    let limit = std::time::Duration::from_secs(30);
    let seen = Observed::of(&target, &identity, limit).await;
    let text = draft::draft(&target, &seen);
    let mut declaring = (*target).clone();
    declaring.statement = Some(Arc::new(Statement::parse(&text).unwrap()));
    let again = Observed::of(&Arc::new(declaring), &Identity::new(42), limit).await;
    assert_eq!(compare::broken(&again), [], "{text}");
    assert_eq!(compare::undeclared(&again), [], "{text}");
}

#[tokio::test]
async fn what_becomes_of_a_known_uid_is_held_to_the_statement() {
    for (policy, outcome) in [("ignore", Outcome::Pass), ("replace", Outcome::Warn)] {
        let text = format!("{}[policy]\nduplicate = \"{policy}\"\n", statement(ALL_WEB));
        let report = judged(
            Some(&text),
            &[],
            &["stow.repeat.changed-content"],
            Strict::No,
        )
        .await;
        assert_eq!(
            outcomes(&report),
            [outcome],
            "{policy}: {}",
            report.checks[0].got()
        );
    }
}

#[tokio::test]
async fn a_known_failure_is_waived_and_one_that_passes_again_fails_the_run() {
    let ids = ["stow.partial.202", "qido.set.exact"];
    let waiver = |id: &str| {
        let text = format!(
            "[[waiver]]\nid = \"{id}\"\noutcome = \"fail\"\nreason = \"known\"\nowner = \"us\"\n"
        );
        Waivers::parse(&text, |id| catalogue::find(id).is_some()).unwrap()
    };
    let mut report = judged(None, &["stow.partial-200"], &ids, Strict::No).await;
    assert_eq!(report.exit(), Exit::Failed);
    report.waive(&waiver("stow.partial.202"), "2026-11-21");
    assert_eq!(outcomes(&report), [Outcome::Waived, Outcome::Pass]);
    assert_eq!(report.exit(), Exit::Passed);
    // Waived is not passed: no profile counts it.
    let web = report
        .profiles()
        .into_iter()
        .find(|it| it.profile == Profile::CoreWeb);
    assert_eq!(web.unwrap().verdict, ProfileVerdict::Fail);

    let mut report = judged(None, &[], &ids, Strict::No).await;
    report.waive(&waiver("qido.set.exact"), "2026-11-21");
    assert_eq!(outcomes(&report), [Outcome::Pass, Outcome::Pass]);
    assert_eq!(report.objections[0].what, "stale: the check passes");
    assert_eq!(report.exit(), Exit::Failed);
}

#[tokio::test]
async fn a_flaky_check_is_told_with_its_rate() {
    let (_archive, target) = Embedded::start(&["stow.partial-200"]).await.unwrap();
    let mut options = Options::new(Identity::new(41));
    options.flaky = vec!["stow.partial.202"];
    let checks = checks(&["stow.partial.202", "stow.all.200"]);
    let mut report = run(&Arc::new(target), &checks, &options).await;
    let text = "[[flaky]]\nid = \"stow.partial.202\"\nreason = \"known\"\nowner = \"us\"\n";
    report.waive(&Waivers::parse(text, |_| true).unwrap(), "2026-11-21");
    assert_eq!(report.rates["stow.partial.202"], (TIMES, TIMES));
    assert_eq!(outcomes(&report), [Outcome::Waived, Outcome::Pass]);
    assert_eq!(report.exit(), Exit::Passed);
}

#[tokio::test]
async fn a_profile_that_was_asked_for_is_closed() {
    let (_archive, mut target) = Embedded::start(&[]).await.unwrap();
    target.destination = None;
    let members: Vec<_> = (catalogue::all().iter().copied())
        .filter(|check| Profile::IheQr.contains(check))
        .collect();
    let mut options = Options::new(Identity::new(41));
    options.asked = vec![Profile::IheQr];
    let report = run(&Arc::new(target), &members, &options).await;
    // Nothing failed, but C-MOVE could not be judged.
    assert_eq!(report.count(Outcome::Fail), 0);
    assert!(report.count(Outcome::NotApplicable) > 0);
    assert_eq!(report.exit(), Exit::Failed);
}
