//! Every check passes on the faithful archive and fails under its own fault.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use dicom_conformance::catalogue;
use dicom_conformance::check::Check;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::run::{Options, run};
use dicom_conformance::selftest::{Killed, is_offered_by_default, matrix};
use dicom_conformance::target::embedded::Embedded;

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_noticed_by_its_own_check() {
    let matrix = matrix(catalogue::all(), &Identity::new(41)).await.unwrap();
    assert!(matrix.is_clean(), "{matrix}");

    let mut tables = BTreeMap::<&str, String>::new();
    for row in &matrix.rows {
        let Killed::Yes(got) = &row.killed else {
            unreachable!("the matrix is clean")
        };
        let (group, _) = row.check.split_once('.').unwrap();
        let table = tables.entry(group).or_default();
        let _ = writeln!(table, "{} kills {}\n  {got}", row.check, row.fault);
        let _ = writeln!(table, "  also fails: {}", row.also.join(", "));
        let _ = writeln!(table, "  untestable: {}\n", row.untestable.join(", "));
    }
    for (group, table) in tables {
        insta::assert_snapshot!(format!("faults_of_{group}"), table);
    }
}

#[tokio::test]
async fn no_check_fails_on_the_faithful_archive_whatever_the_seed() {
    // More of them on demand, as in CONFORMANCE_SEEDS=100.
    let more = std::env::var("CONFORMANCE_SEEDS").ok();
    let more: u64 = more.map_or(0, |count| count.parse().unwrap());
    for seed in [0, 1, u64::MAX, 0x5EED].into_iter().chain(2..2 + more) {
        let (_archive, target) = Embedded::start(&[]).await.unwrap();
        let report = run(
            &Arc::new(target),
            catalogue::all(),
            &Options::new(Identity::new(seed)),
        )
        .await;
        for judged in &report.checks {
            assert_eq!(
                judged.outcome,
                expected(judged.check),
                "seed {seed}, {}: {}",
                judged.check.id,
                judged.got()
            );
        }
    }
}

#[tokio::test]
async fn a_check_alone_ends_as_it_does_among_all() {
    let options = Options::new(Identity::new(3));
    for check in catalogue::all() {
        let (_archive, target) = Embedded::start(&[]).await.unwrap();
        let report = run(&Arc::new(target), &[check], &options).await;
        assert_eq!(report.checks[0].outcome, expected(check), "{}", check.id);
    }
}

#[tokio::test]
async fn order_and_an_archive_in_use_make_no_difference() {
    let identity = Identity::new(5);
    let (_archive, target) = Embedded::start(&[]).await.unwrap();
    let target = Arc::new(target);
    let mut checks = catalogue::all().to_vec();
    for round in 0..3 {
        identity
            .dice(&format!("round {round}"))
            .shuffle(&mut checks);
        // Another seed is another run: patients and UIDs are new.
        let report = run(&target, &checks, &Options::new(Identity::new(100 + round))).await;
        for judged in &report.checks {
            assert_eq!(
                judged.outcome,
                expected(judged.check),
                "round {round}, {}: {}",
                judged.check.id,
                judged.got()
            );
        }
    }
}

/// What the default policy does not claim does not apply to it.
fn expected(check: &Check) -> Outcome {
    match is_offered_by_default(check) {
        true => Outcome::Pass,
        false => Outcome::NotApplicable,
    }
}
