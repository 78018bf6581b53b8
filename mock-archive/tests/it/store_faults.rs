//! What happens to instances while they are stored, and after, as rules say.

use dicom_dictionary_std::tags;
use dicom_fixtures::{Instance, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Delete, Policy};
use dicom_mock_archive::rule::{After, Rule, storing};
use dicom_wire::dimse::Status;
use dicom_wire::stow::WarningReason;
use serde_json::Value;

use crate::support::{CHEST, c_store, client, stow, stow_request};

async fn with(fault: &str) -> MockArchive {
    let policy = Policy {
        delete: Delete::Allowed,
        ..Policy::default()
    };
    let builder = MockArchive::builder().policy(policy);
    let rule = Rule::parse(fault).unwrap();
    builder.rule(rule).start().await.unwrap()
}

async fn json(archive: &MockArchive, path: &str) -> (u16, Value) {
    let request = client().get(archive.web_url() + path);
    let answer = request
        .header("Accept", "application/dicom+json")
        .send()
        .await;
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn path(instance: &Instance) -> String {
    format!(
        "/studies/{}/series/{}/instances/{}",
        instance.study, instance.series, instance.sop_instance
    )
}

#[tokio::test]
async fn an_instance_is_stored_with_a_warning_over_both_protocols() {
    let archive = with("warn-instance:reason=B007").await;

    let (status, account) = stow(&archive, &CHEST.instances()[..1]).await;
    let statuses = c_store(&archive, &CHEST.instances()[1..2]).await;

    assert_eq!(status, 202);
    assert_eq!(
        account.referenced[0].warning,
        Some(WarningReason::DATA_SET_MISMATCH)
    );
    assert_eq!(statuses, [Status(0xB007)]);
    assert_eq!(archive.stored().len(), 2);
}

#[tokio::test]
async fn an_attribute_is_changed_aloud_or_silently() {
    let instance = &CHEST.instances()[0];
    for (silently, warning) in [(false, Some(WarningReason::COERCION)), (true, None)] {
        let archive = with(&format!("coerce-instance:silently={silently}")).await;

        let (_, account) = stow(&archive, [instance]).await;

        assert_eq!(account.referenced[0].warning, warning);
        let (_, metadata) = json(&archive, &(path(instance) + "/metadata")).await;
        let name = &metadata[0]["00100010"]["Value"][0]["Alphabetic"];
        assert_eq!(name, "Coerced^Name");
        assert_eq!(metadata[0].get("04000561").is_some(), !silently);
    }
}

#[tokio::test]
async fn a_disk_is_full_when_it_is_and_small_things_may_still_fit() {
    let each = CHEST.instances()[0].bytes.len() as u64;
    let archive = with(&format!("disk-full:room={}", 3 * each + each / 2)).await;

    let (status, account) = stow(&archive, &CHEST.instances()[..5]).await;

    assert_eq!(status, 202);
    assert_eq!((account.referenced.len(), account.failed.len()), (3, 2));
    assert_eq!(archive.stored().len(), 3);
    let small = ct("tiny").size(4).slices(1);
    assert_eq!(
        c_store(&archive, small.instances()).await,
        [Status::SUCCESS]
    );
}

#[tokio::test]
async fn results_are_listed_in_the_wrong_sequence() {
    let archive = with("swap-results").await;
    archive.inject(Rule::parse("refuse-instance:number=1").unwrap());

    let (status, account) = stow(&archive, &CHEST.instances()[..3]).await;

    assert_eq!(status, 202);
    assert_eq!((account.referenced.len(), account.failed.len()), (1, 2));
    assert_eq!(archive.stored().len(), 2);
}

#[tokio::test]
async fn an_upload_is_broken_off_at_the_part_that_is_named() {
    let archive = with("break-off:at=part:how=reset:nth=3").await;

    let answer = stow_request(&archive, &CHEST.instances()[..4]).send().await;

    assert!(answer.is_err(), "{answer:?}");
    assert_eq!(archive.stored().len(), 2, "what came whole before stays");
}

#[tokio::test]
async fn a_rule_waits_for_so_many_parts() {
    let archive = MockArchive::start().await;
    let refuse = dicom_mock_archive::fault::RefuseInstance::default();
    archive.inject(Rule::when(storing()).then(refuse).after(After::parts(3)));

    let (_, account) = stow(&archive, &CHEST.instances()[..5]).await;

    assert_eq!((account.referenced.len(), account.failed.len()), (2, 3));
}

#[tokio::test]
async fn what_is_deleted_lingers_for_those_who_are_told() {
    let instance = &CHEST.instances()[0];
    let delete = async |archive: &MockArchive| {
        stow(archive, &CHEST.instances()[..2]).await;
        let request = client().delete(archive.web_url() + &path(instance));
        assert_eq!(request.send().await.unwrap().status(), 204);
        let found = format!("/studies/{}/instances", CHEST.study_uid());
        let (_, rows) = json(archive, &found).await;
        let (had, _) = json(archive, &(path(instance) + "/metadata")).await;
        (rows.as_array().map_or(0, Vec::len), had)
    };
    for (seen_by, expected) in [
        ("everyone", (2, 200)),
        ("searches", (2, 404)),
        ("dimse", (1, 404)),
    ] {
        let archive = with(&format!("delete-lag:by=60s:seen-by={seen_by}")).await;
        assert_eq!(delete(&archive).await, expected, "{seen_by}");
        assert_eq!(archive.stored().len(), 2);
    }
    let archive = with("delete-lag:by=1ms").await;
    delete(&archive).await;
    while archive.stored().len() == 2 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_patient_becomes_another_while_a_client_is_at_work() {
    let archive = MockArchive::start().await;
    stow(&archive, CHEST.instances()).await;
    let (_, before) = json(&archive, "/studies").await;
    let id = before[0]["00100020"]["Value"][0].as_str().unwrap();

    let merge = format!("merge-patients:from={id}:into=KEPT:name=Kept^Name:once");
    archive.inject(Rule::parse(&merge).unwrap());
    let (_, after) = json(&archive, "/studies?PatientID=KEPT").await;

    assert_eq!(after.as_array().unwrap().len(), 1);
    assert_eq!(after[0]["00100010"]["Value"][0]["Alphabetic"], "Kept^Name");
    let (status, _) = json(&archive, &format!("/studies?PatientID={id}")).await;
    assert!(status == 204 || status == 200);
    let instance = &CHEST.instances()[3];
    let (_, metadata) = json(&archive, &(path(instance) + "/metadata")).await;
    assert_eq!(metadata[0]["00100020"]["Value"][0], "KEPT");
    let original = &metadata[0]["04000561"]["Value"][0]["04000550"]["Value"][0];
    assert_eq!(original["00100020"]["Value"][0], id);
    assert_eq!(archive.stored(), CHEST.uids());
    // The archive has nothing of the first patient any more.
    let (_, rows) = json(&archive, &format!("/studies?PatientID={id}")).await;
    assert!(rows.as_array().is_none_or(Vec::is_empty));
}

#[tokio::test]
async fn an_instance_that_comes_again_too_soon_is_refused_as_being_created() {
    let archive = with("busy:lasts=1h").await;
    let one = &CHEST.instances()[..1];
    assert_eq!(stow(&archive, one).await.0, 200);

    let (status, account) = stow(&archive, one).await;
    let statuses = c_store(&archive, one).await;

    assert_eq!((status, account.failed.len()), (409, 1));
    assert_eq!(account.failed[0].reason.unwrap().0, 0xB00F);
    assert_eq!(statuses, [Status(0xA700)]);
    assert_eq!(stow(&archive, &CHEST.instances()[1..2]).await.0, 200);

    let archive = with("busy:lasts=0ms").await;
    stow(&archive, one).await;
    assert_eq!(stow(&archive, one).await.0, 200, "the time is over");
}

#[tokio::test]
async fn another_issuer_or_another_accession_number_is_a_conflict_where_the_rule_says_so() {
    let first = ct("chest").size(16).slices(2);
    let other_issuer = first.clone().with(tags::ISSUER_OF_PATIENT_ID, "ELSEWHERE");
    let other_number = first.clone().with(tags::ACCESSION_NUMBER, "A-2");
    for (fault, other, reason) in [
        ("stow.conflict-issuer", &other_issuer, Some(0xA778)),
        ("stow.conflict-issuer", &other_number, None),
        ("stow.conflict-attributes", &other_number, Some(0xA779)),
        ("stow.conflict-attributes", &other_issuer, None),
        ("patient-conflict", &other_issuer, None),
        (
            "patient-conflict:on=IssuerOfPatientID,AccessionNumber:reason=A77B",
            &other_number,
            Some(0xA77B),
        ),
    ] {
        let archive = with(fault).await;
        assert_eq!(stow(&archive, &first.instances()[..1]).await.0, 200);

        let (_, account) = stow(&archive, &other.instances()[1..]).await;

        let reasons = account.failed.first().map(|one| one.reason.unwrap().0);
        assert_eq!(reasons, reason, "{fault}");
    }
}

#[tokio::test]
async fn what_came_last_says_whose_a_study_is() {
    let first = ct("chest").size(16).slices(2);
    let somebody = dicom_fixtures::Patient::new("LATEST", "Latest^Name");
    let second = first.clone().with_patient(&somebody);
    let archive = with("stow.latest-wins").await;
    let rows = async |query: &str| {
        let path = format!("/studies?{query}");
        let (_, rows) = json(&archive, &path).await;
        rows.as_array().cloned().unwrap_or_default()
    };
    stow(&archive, &first.instances()[..1]).await;
    let before = rows("PatientID=LATEST").await;

    let (status, _) = stow(&archive, &second.instances()[1..]).await;

    assert_eq!((status, before.len()), (200, 0));
    let all = rows("").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["00100020"]["Value"][0], "LATEST");
    assert_eq!(all[0]["00201208"]["Value"][0], 2);
    assert_eq!(rows("PatientID=LATEST").await.len(), 1);
    assert_eq!(rows("PatientName=Latest*").await.len(), 1);
    let old = first.instances()[0].object();
    let old = old.element(tags::PATIENT_ID).unwrap().to_str().unwrap();
    assert_eq!(rows(&format!("PatientID={}", old.trim())).await.len(), 0);
}
