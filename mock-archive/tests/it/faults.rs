//! Each fault as a client meets it, over both protocols where both have it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use dicom_fixtures::{Instance, Study, TransferSyntax};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Duplicates, PatientConflict, Policy};
use dicom_mock_archive::rule::Rule;
use dicom_wire::dimse::Status;
use dicom_wire::stow::FailureReason;
use serde_json::Value;
use tokio::io::AsyncReadExt;

use crate::support::{CHEST, c_store, client, stow, stow_request};

/// One slice under RLE, one uncompressed, of the same study.
static MIXED: LazyLock<Vec<Instance>> = LazyLock::new(|| {
    let rle = CHEST.clone().encode(TransferSyntax::Rle);
    vec![CHEST.instances()[0].clone(), rle.instances()[1].clone()]
});

/// The same study under two patients.
static CONFLICT: LazyLock<(Study, Study)> = LazyLock::new(dicom_fixtures::conflict);

async fn with_fault(fault: &str) -> MockArchive {
    let rule = Rule::parse(fault).unwrap();
    MockArchive::builder().rule(rule).start().await.unwrap()
}

/// A QIDO-RS search; no rows where there is no body.
async fn search(archive: &MockArchive, path: &str) -> Vec<Value> {
    let answer = client().get(archive.web_url() + path).send().await.unwrap();
    let body = answer.bytes().await.unwrap();
    serde_json::from_slice(&body).unwrap_or_default()
}

fn value<'a>(row: &'a Value, tag: &str) -> &'a Value {
    &row[tag]["Value"][0]
}

#[tokio::test]
async fn an_unsupported_transfer_syntax_is_refused_with_c122_over_both_protocols() {
    let fault = "refuse-transfer-syntax:transfer-syntaxes=1.2.840.10008.1.2.5";

    let archive = with_fault(fault).await;
    let (status, response) = stow(&archive, &*MIXED).await;
    assert_eq!(status, 202);
    assert_eq!(response.failed.len(), 1);
    assert_eq!(
        response.failed[0].reason,
        Some(FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED)
    );
    assert_eq!(archive.stored(), [MIXED[0].sop_instance.clone()]);

    let archive = with_fault(fault).await;
    assert_eq!(c_store(&archive, &MIXED[1..]).await, [Status(0xC122)]);
    assert!(archive.stored().is_empty());
}

#[tokio::test]
async fn an_instance_of_another_patient_is_refused_with_a778_over_both_protocols() {
    let (first, second) = &*CONFLICT;

    let archive = with_fault("patient-conflict").await;
    archive.load(first).unwrap();
    let (status, response) = stow(&archive, second.instances()).await;
    assert_eq!(status, 409);
    let reasons: BTreeSet<_> = response
        .failed
        .iter()
        .filter_map(|one| one.reason.map(|reason| reason.0))
        .collect();
    assert_eq!(reasons, BTreeSet::from([0xA778]));
    assert_eq!(archive.stored(), first.uids());

    let archive = with_fault("patient-conflict:reason=A77B").await;
    archive.load(first).unwrap();
    let statuses = c_store(&archive, &second.instances()[..1]).await;
    assert_eq!(statuses, [Status(0xA77B)]);
    assert_eq!(archive.stored(), first.uids());
}

#[tokio::test]
async fn an_instance_of_another_patient_can_be_accepted_coerced_or_split() {
    let (first, second) = &*CONFLICT;
    let rows = "/studies?includefield=PatientID";
    for (outcome, status, studies, warned) in [
        ("accept", 200, 1, false),
        ("coerce", 202, 1, true),
        ("split", 200, 2, false),
    ] {
        let archive = with_fault(&format!("patient-conflict:{outcome}")).await;
        archive.load(first).unwrap();

        let (answered, response) = stow(&archive, second.instances()).await;

        assert_eq!(answered, status, "{outcome}");
        assert_eq!(
            response.referenced.iter().all(|one| one.warning.is_some()),
            warned,
            "{outcome}"
        );
        let found = search(&archive, rows).await;
        assert_eq!(found.len(), studies, "{outcome}");
        let patients: BTreeSet<_> = found
            .iter()
            .map(|row| value(row, "00100020").to_string())
            .collect();
        assert_eq!(patients.len(), studies, "{outcome}");
    }
}

#[tokio::test]
async fn policy_says_the_same_as_the_fault_without_a_rule() {
    let (first, second) = &*CONFLICT;
    let reject = Policy {
        patient_conflict: PatientConflict::Reject(FailureReason::PATIENT_CONFLICT),
        duplicates: Duplicates::Reject(FailureReason::DUPLICATE_INSTANCE),
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(reject).start().await.unwrap();
    archive.load(first).unwrap();

    let (_, conflicting) = stow(&archive, &second.instances()[..1]).await;
    let (_, again) = stow(&archive, &first.instances()[..1]).await;

    assert_eq!(
        conflicting.failed[0].reason,
        Some(FailureReason::PATIENT_CONFLICT)
    );
    assert_eq!(
        again.failed[0].reason,
        Some(FailureReason::DUPLICATE_INSTANCE)
    );
    assert!(archive.rules().is_empty());
}

#[tokio::test]
async fn the_status_of_a_store_says_what_it_is_told_to() {
    for (fault, refused, expected) in [
        ("stow.all-ok-202", false, 202),
        ("stow.all-ok-202", true, 202),
        ("stow.partial-200", false, 200),
        ("stow.partial-200", true, 200),
        ("stow.409-with-stored", true, 409),
    ] {
        let archive = with_fault(fault).await;
        if refused {
            archive.inject(Rule::parse("refuse-instance:number=1").unwrap());
        }

        let (status, response) = stow(&archive, &CHEST.instances()[..2]).await;

        assert_eq!(status, expected, "{fault}");
        assert_eq!(response.failed.len(), usize::from(refused), "{fault}");
    }
}

#[tokio::test]
async fn what_is_lost_or_only_said_to_be_stored_is_not_there() {
    let three = &CHEST.instances()[..3];

    let archive = with_fault("stow.lose-one-silently").await;
    let (status, response) = stow(&archive, three).await;
    assert_eq!(
        (status, response.referenced.len(), response.failed.len()),
        (200, 2, 0)
    );
    assert_eq!(archive.stored().len(), 2);
    assert_eq!(c_store(&archive, &three[..1]).await, [Status::SUCCESS]);
    assert_eq!(archive.stored().len(), 2);

    let archive = with_fault("stow.claims-stored-but-not").await;
    let (status, response) = stow(&archive, three).await;
    assert_eq!((status, response.referenced.len()), (200, 3));
    assert_eq!(c_store(&archive, three).await, [Status::SUCCESS; 3]);
    assert!(archive.stored().is_empty());
}

#[tokio::test]
async fn a_search_can_lose_a_row_change_a_name_miscount_or_slip_a_page() {
    let instances = "/instances?limit=4";
    let honest = MockArchive::start().await;
    honest.load(&CHEST).unwrap();
    let all = search(&honest, instances).await;

    for fault in [
        "qido.drop-last",
        "qido.replace-names",
        "qido.stale-instance-count",
        "qido.offset-off-by-one",
    ] {
        let archive = with_fault(fault).await;
        archive.load(&CHEST).unwrap();
        let uid = |row: &Value| value(row, "00080018").clone();

        let rows = search(&archive, instances).await;
        let studies = search(&archive, "/studies").await;
        let page = search(&archive, "/instances?limit=4&offset=2").await;

        match fault {
            "qido.drop-last" => {
                assert_eq!(rows.len(), 3);
                assert!(studies.is_empty());
            }
            "qido.replace-names" => assert_eq!(
                value(&studies[0], "00100010")["Alphabetic"],
                "Replaced^Name"
            ),
            "qido.stale-instance-count" => assert_eq!(value(&studies[0], "00201208"), 9),
            _ => {
                assert_eq!(rows.len(), 4);
                assert_eq!(uid(&page[0]), uid(&all[1]));
            }
        }
    }
}

#[tokio::test]
async fn a_status_comes_with_its_body_and_retry_after_and_only_so_often() {
    let archive = with_fault("http-status:429:retry-after=2:body=html:times=1").await;
    let url = archive.web_url() + "/studies";

    let busy = client().get(&url).send().await.unwrap();
    let then = client().get(&url).send().await.unwrap();

    assert_eq!(busy.status(), 429);
    assert_eq!(busy.headers()["retry-after"], "2");
    assert!(
        busy.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(busy.text().await.unwrap().contains("<h1>429"));
    assert_eq!(then.status(), 204);
}

#[tokio::test]
async fn a_cut_answer_is_an_error_to_the_client_whatever_the_manner() {
    for manner in ["close", "reset"] {
        let archive =
            with_fault(&format!("cut-body:after=10:manner={manner}:service=search")).await;
        archive.load(&CHEST).unwrap();

        let answer = client()
            .get(archive.web_url() + "/studies")
            .send()
            .await
            .unwrap();

        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "{manner}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_delay_is_waited_for_and_noted() {
    let archive = with_fault("delay:by=90s:service=search").await;
    let before = tokio::time::Instant::now();

    client()
        .get(archive.web_url() + "/studies")
        .send()
        .await
        .unwrap();

    assert!(before.elapsed().as_secs() >= 90);
    assert_eq!(
        archive.journal().to_string().lines().next().unwrap(),
        "1. GET /dicomweb/studies -> delayed by 90000 ms, 204 [rule 1: delay]"
    );
}

#[tokio::test]
async fn a_connection_that_ends_under_an_upload_leaves_nothing_half_stored_over_both_protocols() {
    let fault = "end-connection:after=4000:direction=inbound:once";

    let archive = with_fault(fault).await;
    let lost = stow_request(&archive, CHEST.instances()).send().await;
    assert!(lost.is_err(), "the upload was answered: {lost:?}");
    assert!(archive.stored().len() < CHEST.instances().len());
    assert_eq!(stow(&archive, CHEST.instances()).await.0, 200);
    assert_eq!(archive.stored(), CHEST.uids());

    let archive = with_fault("wire.reset:protocol=dimse:once").await;
    let mut socket = tokio::net::TcpStream::connect(archive.dimse_addr())
        .await
        .unwrap();
    let ended = socket.read(&mut [0; 1]).await;
    assert!(!matches!(ended, Ok(1..)), "{ended:?}");
    assert_eq!(
        c_store(&archive, &CHEST.instances()[..1]).await,
        [Status::SUCCESS]
    );
}
