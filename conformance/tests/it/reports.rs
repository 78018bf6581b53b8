//! What a run says, in every form; the archive is one with a fault, so that there is something to say.

use std::sync::Arc;

use dicom_conformance::catalogue;
use dicom_conformance::check::Check;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Ascii;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Exit, Report, json, junit, text};
use dicom_conformance::run::{Options, run};
use dicom_conformance::target::embedded::Embedded;
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
    assert_eq!(list.lines().count(), catalogue::all().len());
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
