//! What a run says, in every form; the archive is one with a fault, so that there is something to say.

use std::sync::Arc;

use dicom_conformance::catalogue;
use dicom_conformance::check::Check;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Ascii;
use dicom_conformance::report::diff::diff;
use dicom_conformance::report::rejudge::{Terms, rejudge};
use dicom_conformance::report::saved::Saved;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Exit, Report, badge, bundle, json, junit, ndjson, text};
use dicom_conformance::run::{Options, run};
use dicom_conformance::target::embedded::Embedded;
use dicom_conformance::waivers::Waivers;
use quick_xml::events::Event;

/// Enough to see every form of a line, and few enough that a new check changes no snapshot.
const FEW: [&str; 14] = [
    "stow.all.200",
    "stow.partial.202",
    "stow.partial.accounts-for-all",
    "stow.partial.body-agrees-with-store",
    "stow.mp.token-inside-pixels",
    "qido.set.exact",
    "qido.value.equals-stored",
    "qido.page.offset-disjoint",
    "qido.count.study-instances",
    "wado.study.complete",
    "wado.ts.default-explicit-le",
    "wado.meta.complete",
    "ul.pdv.fragments",
    "move.mixed-b000",
];

fn few() -> Vec<&'static Check> {
    FEW.iter().map(|id| catalogue::find(id).unwrap()).collect()
}

async fn report(faults: &[&str], seed: u64) -> Report {
    let (_archive, mut target) = Embedded::start(faults).await.unwrap();
    // One check does not apply.
    target.destination = None;
    target.arguments = "--web http://archive.example/dicom-web".into();
    run(
        &Arc::new(target),
        &few(),
        &Options::new(Identity::new(seed)),
    )
    .await
}

fn normal(report: &Report) -> serde_json::Value {
    json::normal(json::report(report, 1_795_262_400))
}

#[tokio::test]
async fn a_failure_is_told_in_five_lines() {
    let report = report(&["stow.partial-200"], 41).await;
    assert_eq!(report.exit(), Exit::Failed);
    insta::assert_snapshot!(text::render(&report, Style::PLAIN, Times::Hidden));
}

#[tokio::test]
async fn every_check_is_a_line_if_asked_for() {
    let report = report(&[], 41).await;
    assert_eq!(report.exit(), Exit::Passed);
    let style = Style {
        ascii: Ascii::Yes,
        colour: Colour::Off,
        detail: Detail::Checks,
    };
    let text = text::render(&report, style, Times::Hidden);
    assert!(text.is_ascii());
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn causes_are_told_once() {
    insta::assert_snapshot!(text::render(
        &report(&["stow.fail"], 41).await,
        Style::PLAIN,
        Times::Hidden
    ));
}

#[tokio::test]
async fn the_json_report_keeps_to_its_schema_in_every_outcome() {
    let schema = serde_json::from_str(json::SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for faults in [
        &[][..],
        &["stow.partial-200"],
        &["stow.fail"],
        &["http.status"],
    ] {
        let report = report(faults, 41).await;
        for json in [json::report(&report, 1_795_262_400), normal(&report)] {
            let errors: Vec<_> = validator
                .iter_errors(&json)
                .map(|error| format!("{}: {error}", error.instance_path))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{faults:?}");
        }
    }
}

#[tokio::test]
async fn two_runs_with_one_seed_give_the_same_json() {
    let first = normal(&report(&["stow.partial-200"], 41).await);
    assert_eq!(first, normal(&report(&["stow.partial-200"], 41).await));
    insta::assert_json_snapshot!(first);
}

#[tokio::test]
async fn a_bundle_holds_every_form_and_the_hash_of_each_file() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(&["stow.partial-200"], 41).await;
    let source = bundle::Source {
        started: 1_795_262_400,
        statement: None,
        waivers: Some("# none"),
    };
    bundle::write(folder.path(), &report, source).unwrap();

    let sums = std::fs::read_to_string(folder.path().join("SHA256SUMS")).unwrap();
    for name in [
        "report.json",
        "junit.xml",
        "report.html",
        "waivers.toml",
        "product.toml",
        "README.md",
        "transcript/smoke.txt",
    ] {
        assert!(sums.contains(&format!("  {name}\n")), "{name}");
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    assert_eq!(
        sums.lines()
            .filter(|line| line.contains("transcript/"))
            .count(),
        FEW.len() + 1
    );
    // Not every check of a profile was asked, so there is nothing to show off.
    assert!(!folder.path().join("badge.svg").exists());
    assert_eq!(badge::badge(&report), Err(badge::NoBadge::Filtered));
    let readme = std::fs::read_to_string(folder.path().join("README.md")).unwrap();
    assert!(readme.contains("A pass is not certification"), "{readme}");
}

#[tokio::test]
async fn events_are_a_line_each() {
    let report = report(&["stow.partial-200"], 41).await;
    let (target, identity) = (&report.target, &report.identity);
    let mut lines = ndjson::start(target, identity, FEW.len(), 0);
    for judged in &report.checks {
        lines.push_str(&ndjson::check(target, identity, judged));
    }
    lines.push_str(&ndjson::end(&report));
    let events: Vec<serde_json::Value> = (lines.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len(), FEW.len() + 2);
    assert_eq!(events[0]["schema"], json::SCHEMA_ID);
    let failed = events
        .iter()
        .find(|event| event["outcome"] == "fail")
        .unwrap();
    assert!(failed["repeat"].as_str().unwrap().contains("--only"));
    assert_eq!(events[FEW.len() + 1]["exit"], 1);
}

#[tokio::test]
async fn a_saved_run_is_compared_and_judged_again() {
    let read = |report: &Report| Saved::parse(&json::report(report, 0).to_string()).unwrap();
    let good = read(&report(&[], 41).await);
    let bad = read(&report(&["stow.partial-200"], 41).await);
    let difference = diff(&good, &bad);
    let failing: Vec<_> = difference.failing.iter().map(|it| it.id.as_str()).collect();
    assert!(failing.contains(&"stow.partial.202"), "{difference}");
    assert!(diff(&bad, &good).failing.is_empty());
    assert_eq!(diff(&good, &good).to_string(), "no difference\n");

    let judged = |run: &Saved, waivers: &str| {
        let waivers = Waivers::parse(waivers, |_| true).unwrap();
        let terms = Terms {
            waivers: &waivers,
            strict: false,
            today: "2026-11-21",
        };
        rejudge(run, terms)
    };
    assert_eq!(judged(&good, "").exit(), Exit::Passed);
    assert_eq!(judged(&bad, "").exit(), Exit::Failed);
    let all: String = (failing.iter())
        .map(|id| {
            format!(
                "[[waiver]]\nid = \"{id}\"\noutcome = \"fail\"\nreason = \"r\"\nowner = \"o\"\n"
            )
        })
        .collect();
    assert_eq!(
        judged(&bad, &all).exit(),
        Exit::Passed,
        "{}",
        judged(&bad, &all)
    );
    assert_eq!(judged(&good, &all).exit(), Exit::Failed);
}

#[tokio::test]
async fn junit_can_be_read_by_others() {
    let xml = junit::render(&report(&["stow.partial-200"], 41).await).unwrap();
    let mut reader = quick_xml::Reader::from_str(&xml);
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.name().as_ref() == "testcase" => cases += 1,
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(cases, FEW.len());
    let timeless: Vec<_> = xml
        .lines()
        .map(|line| line.split(" time=").next().unwrap())
        .collect();
    insta::assert_snapshot!(timeless.join("\n"));
}

#[test]
fn the_list_shows_clause_and_fault() {
    let list = dicom_conformance::explain::list();
    assert_eq!(list.lines().count(), catalogue::every().count());
    let few = list
        .lines()
        .filter(|line| FEW.contains(&line.split(' ').next().unwrap()));
    insta::assert_snapshot!(few.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_check_is_explained() {
    let check = catalogue::find("stow.partial.202").unwrap();
    insta::assert_snapshot!(dicom_conformance::explain::explain(check));
}
