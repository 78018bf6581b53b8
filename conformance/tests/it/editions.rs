//! Where editions of the standard contradict each other, an archive is held to the one that was asked about.

use std::sync::Arc;

use dicom_conformance::catalogue;
use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::run::{Options, run};
use dicom_conformance::target::Claims;
use dicom_conformance::target::embedded::Embedded;
use dicom_mock_archive::policy::{self, Policy};

async fn nothing_found(asked: Edition, archive: policy::Edition) -> Vec<(Outcome, String)> {
    let policy = Policy {
        edition: archive,
        ..Policy::default()
    };
    let started = Embedded::claiming(policy, Claims::new(), &[]).await;
    let (_archive, target) = started.unwrap();
    let checks: Vec<_> = ["qido.empty", "qido.page.past-end"]
        .iter()
        .map(|id| catalogue::find(id).unwrap())
        .collect();
    let mut options = Options::new(Identity::new(41));
    options.edition = asked;
    let report = run(&Arc::new(target), &checks, &options).await;
    let judged = report.checks.iter();
    judged
        .map(|judged| (judged.outcome, judged.got().to_owned()))
        .collect()
}

#[tokio::test]
async fn nothing_found_is_204_or_an_empty_list_and_the_other_one_is_a_warning() {
    use Outcome::{Pass, Warn};
    let pass = (Pass, String::new());
    let warn = |got: &str| (Warn, got.to_owned());
    for (asked, archive, expected) in [
        (Edition::E2024e, policy::Edition::E2024, pass.clone()),
        (Edition::E2026a, policy::Edition::E2026, pass.clone()),
        (Edition::E2024e, policy::Edition::E2026, warn("200 with []")),
        (Edition::E2026a, policy::Edition::E2024, warn("204")),
    ] {
        for judged in nothing_found(asked, archive).await {
            assert_eq!(judged, expected, "{asked}");
        }
    }
}
