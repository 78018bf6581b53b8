//! How many checks run at once makes no difference, and a check that cannot fail is found out.

use std::sync::{Arc, Mutex};

use dicom_conformance::catalogue;
use dicom_conformance::check::Check;
use dicom_conformance::identity::Identity;
use dicom_conformance::report::{Judged, Report, json};
use dicom_conformance::run::{Options, run_telling};
use dicom_conformance::selftest::{can_be_proven, prove_disarmed};
use dicom_conformance::target::embedded::Embedded;

async fn with_jobs(jobs: usize) -> (Report, Vec<&'static str>) {
    let (_archive, target) = Embedded::start(&["stow.partial-200"]).await.unwrap();
    let mut options = Options::new(Identity::new(41));
    options.jobs = jobs;
    let told = Mutex::new(Vec::new());
    let tell = |judged: &Judged| {
        told.lock().unwrap().push(judged.check.id);
    };
    let report = run_telling(&Arc::new(target), catalogue::all(), &options, &tell).await;
    (report, told.into_inner().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_at_once_end_as_one_after_the_other() {
    let (alone, _) = with_jobs(1).await;
    let (together, mut told) = with_jobs(8).await;
    for (one, other) in alone.checks.iter().zip(&together.checks) {
        let ended = |judged: &Judged| (judged.check.id, judged.outcome);
        assert_eq!(
            ended(one),
            ended(other),
            "{:?} and {:?}",
            one.got(),
            other.got()
        );
    }
    // Each was told once, whenever that was.
    told.sort_unstable();
    let mut all: Vec<_> = catalogue::all().iter().map(|check| check.id).collect();
    all.sort_unstable();
    assert_eq!(told, all);
    assert_eq!(
        json::report(&together, 0)["counts"],
        json::report(&alone, 0)["counts"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_always_passes_is_missed_by_its_fault() {
    // Every eighth, so that each group has some; the fault matrix proves that none of them is like that.
    let proven = catalogue::all()
        .iter()
        .copied()
        .filter(|check| can_be_proven(check));
    let some: Vec<&'static Check> = proven.step_by(8).collect();
    assert!(some.len() > 30);
    for check in some {
        let row = prove_disarmed(check, &Identity::new(41)).await.unwrap();
        assert!(!row.is_killed(), "{}", check.id);
    }
}
