//! What may not be shown of a patient is shown nowhere.

use dicom_fixtures::{ct, pdf, report_measurements, report_narrative};
use dicom_mcp_server::config::{Config, Phi};
use dicom_mock_archive::MockArchive;
use serde_json::{Value as Json, json};

use crate::client::Client;

/// What the archive shows of the patient of a study when everything is shown: the words that may not appear.
async fn canaries(archive: &MockArchive) -> Vec<String> {
    let client = Client::at(&archive.web_url()).await;
    let found = client.call("find-studies", json!({})).await;
    let mut words = Vec::new();
    for row in found.structured()["studies"].as_array().unwrap() {
        for key in [
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "StudyDate",
            "AccessionNumber",
            "StudyDescription",
        ] {
            if let Some(text) = row[key].as_str() {
                words.push(text.to_owned());
                words.extend(
                    text.split('^')
                        .filter(|part| part.len() > 3)
                        .map(str::to_owned),
                );
            }
        }
    }
    words
}

#[tokio::test]
async fn no_canary_is_in_text_structured_content_resources_or_errors() {
    let archive = MockArchive::start().await;
    let study = ct("chest")
        .size(16)
        .slices(2)
        .and(report_measurements())
        .and(pdf());
    let narrative = report_narrative();
    archive.load(&study).unwrap();
    archive.load(&narrative).unwrap();
    let canaries = canaries(&archive).await;
    assert!(canaries.len() > 6, "{canaries:?}");
    for phi in [Phi::Mask, Phi::Pseudonym] {
        for web in [true, false] {
            let mut config = if web {
                Config::for_host(&archive.web_url()).unwrap()
            } else {
                Config::for_dimse(
                    &archive.dimse_addr().to_string(),
                    archive.ae_title().as_str(),
                )
                .unwrap()
            };
            config.phi = phi;
            let client = Client::of(config).await;
            let mut told = Vec::new();
            let all = study.instances().iter().chain(narrative.instances());
            let mut calls: Vec<(&str, Json)> = vec![
                ("find-patients", json!({"fields": ["extended"]})),
                ("find-studies", json!({"fields": ["extended"]})),
                ("find-studies", json!({"query": "includefield=all"})),
                (
                    "get-study-overview",
                    json!({"studyInstanceUid": study.study_uid()}),
                ),
                (
                    "find-series",
                    json!({"studyInstanceUid": study.study_uid(), "fields": ["extended"]}),
                ),
                (
                    "find-structured-reports",
                    json!({"studyInstanceUid": study.study_uid()}),
                ),
                (
                    "find-encapsulated-pdf-reports",
                    json!({"studyInstanceUid": study.study_uid()}),
                ),
            ];
            for of in all {
                let uids = json!({"studyInstanceUid": of.study, "seriesInstanceUid": of.series, "sopInstanceUid": of.sop_instance});
                for tool in [
                    "get-instance-metadata",
                    "get-structured-report-text",
                    "get-encapsulated-pdf-report-text",
                    "render-instance-frame",
                ] {
                    calls.push((tool, uids.clone()));
                }
                let with = |key: &str| {
                    let mut arguments = uids.clone();
                    arguments[key] = json!(true);
                    arguments
                };
                calls.push(("get-instance-metadata", with("asTree")));
                calls.push(("get-encapsulated-pdf-report-text", with("scanAsPicture")));
                calls.push(("find-instances", json!({"studyInstanceUid": of.study, "seriesInstanceUid": of.series, "fields": ["extended"]})));
            }
            for (tool, arguments) in calls {
                let reply = client.call(tool, arguments.clone()).await;
                told.push((format!("{tool} {arguments}"), reply.told()));
            }
            let resources = client.service().list_all_resources().await.unwrap();
            assert!(!resources.is_empty());
            told.push(("resources".into(), format!("{resources:?}")));
            for (what, text) in told {
                for canary in &canaries {
                    assert!(
                        !text.contains(canary.as_str()),
                        "{phi:?} {what} shows {canary:?}:\n{text}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn a_pseudonym_can_be_gone_on_with() {
    let archive = MockArchive::start().await;
    let study = ct("chest").size(16).slices(1);
    archive.load(&study).unwrap();
    let mut config = Config::for_host(&archive.web_url()).unwrap();
    config.phi = Phi::Pseudonym;
    let client = Client::of(config).await;
    let found = client.call("find-studies", json!({})).await;
    let patient = found.structured()["studies"][0]["PatientID"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(patient.starts_with("P-"), "{patient}");
    let overview = client
        .call("get-study-overview", json!({"patientId": patient}))
        .await;
    assert_eq!(overview.structured()["returned"], 1, "{}", overview.text());
    assert_eq!(
        overview.structured()["studies"][0]["study"]["PatientID"],
        patient
    );
}
