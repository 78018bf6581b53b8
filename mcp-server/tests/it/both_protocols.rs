//! The same archive over DICOMweb and over DIMSE: each read tool says the same.

use dicom_fixtures::{Study, ct, pdf, report_measurements, ultrasound};
use dicom_mcp_server::config::{ArchiveSettings, Config, DimseSettings};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::Rule;
use dicom_wire::ae::AeTitle;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::client::Client;

/// The same archive twice: a client over each protocol.
struct Both {
    archive: MockArchive,
    web: Client,
    dimse: Client,
}

impl Both {
    async fn holding(studies: &[Study]) -> Self {
        let archive = MockArchive::start().await;
        for study in studies {
            archive.load(study).unwrap();
        }
        let web = Client::at(&archive.web_url()).await;
        let dimse = Client::over_dimse(archive.dimse_addr(), archive.ae_title().as_str()).await;
        Self {
            archive,
            web,
            dimse,
        }
    }

    /// Asks over both; the answers have to be equal but for what only one of the protocols has.
    async fn ask(&self, tool: &str, arguments: Json) -> Json {
        let mut web = self.web.call(tool, arguments.clone()).await;
        let mut dimse = self.dimse.call(tool, arguments.clone()).await;
        assert_eq!(
            web.is_error(),
            dimse.is_error(),
            "{tool} {arguments}\nDICOMweb: {}\nDIMSE: {}",
            web.text(),
            dimse.text()
        );
        let strip = |reply: &mut crate::client::Reply| {
            let mut structured = reply.0.structured_content.clone().unwrap_or_default();
            if let Json::Object(object) = &mut structured {
                // Who drew a picture, and how the one that drew it tells its window.
                for key in ["renderedBy", "shown", "bytes"] {
                    object.remove(key);
                }
            }
            structured
        };
        let (web, dimse) = (strip(&mut web), strip(&mut dimse));
        assert_eq!(
            web, dimse,
            "{tool} {arguments}: DICOMweb on the left, DIMSE on the right"
        );
        web
    }
}

fn uids(of: &dicom_fixtures::Instance) -> Json {
    json!({
        "studyInstanceUid": of.study,
        "seriesInstanceUid": of.series,
        "sopInstanceUid": of.sop_instance,
    })
}

/// Studies of a seed: some slices, some with reports.
fn studies(seed: u64, count: u64) -> Vec<Study> {
    (0..count)
        .map(|number| {
            let study = ct("chest")
                .size(16)
                .slices(1 + (seed + number) as usize % 3)
                .seed(seed * 100 + number);
            match (seed + number) % 3 {
                0 => study.and(report_measurements()).and(pdf()),
                1 => study.and(pdf()),
                _ => study,
            }
        })
        .chain([ultrasound().frames(2)])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn each_read_tool_says_the_same_over_either_protocol(seed in 0u64..10_000, count in 1u64..5, limit in 1u32..6) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(say_the_same(seed, count, limit));
        runtime.shutdown_background();
    }
}

async fn say_the_same(seed: u64, count: u64, limit: u32) {
    let studies = studies(seed, count);
    let both = Both::holding(&studies).await;
    for query in [
        json!({}),
        json!({"query": "ModalitiesInStudy=CT"}),
        json!({"query": "PatientName=*A* StudyDate=19000101-"}),
        json!({"query": "PatientID=NOBODY"}),
        json!({"query": "StudyDate=1901-01-01"}),
        json!({"limit": limit}),
        json!({"limit": limit, "offset": 1}),
        json!({"fields": ["InstitutionName", "ReferringPhysicianName"]}),
        json!({"fields": ["minimal"]}),
        json!({"fields": ["extended"]}),
    ] {
        both.ask("find-studies", query).await;
    }
    both.ask("find-patients", json!({})).await;
    both.ask("find-patients", json!({"query": "PatientSex=F"}))
        .await;
    for study in &studies {
        let here = json!({"studyInstanceUid": study.study_uid()});
        both.ask("find-series", here.clone()).await;
        both.ask("find-structured-reports", here.clone()).await;
        both.ask("find-encapsulated-pdf-reports", here.clone())
            .await;
        both.ask("get-study-overview", here).await;
        let instances = study.instances();
        let first = &instances[0];
        both.ask(
            "find-instances",
            json!({"studyInstanceUid": first.study, "seriesInstanceUid": first.series, "limit": limit}),
        )
        .await;
        both.ask(
            "render-series-overview",
            json!({"studyInstanceUid": first.study, "seriesInstanceUid": first.series, "tiles": 4}),
        )
        .await;
        for instance in instances {
            both.ask("get-instance-metadata", uids(instance)).await;
            both.ask("render-instance-frame", uids(instance)).await;
            both.ask("get-structured-report-text", uids(instance)).await;
            both.ask("get-encapsulated-pdf-report-text", uids(instance))
                .await;
        }
    }
    let absent = json!({"studyInstanceUid": "1.2.3"});
    both.ask("find-series", absent.clone()).await;
    both.ask("get-study-overview", absent).await;
    drop(both.archive);
}

#[tokio::test]
async fn one_archive_is_searched_over_the_web_and_moved_over_dimse() {
    let destination = MockArchive::start().await;
    let title = AeTitle::parse("ELSEWHERE").unwrap();
    let archive = MockArchive::builder()
        .destination(title.clone(), destination.dimse_addr())
        .start()
        .await
        .unwrap();
    let study: Study = ct("chest").size(16).slices(3);
    archive.load(&study).unwrap();
    let mut config = Config::for_host(&archive.web_url()).unwrap();
    config.archives[0].dimse = Some(
        DimseSettings::new(
            &archive.dimse_addr().to_string(),
            archive.ae_title().as_str(),
            "MCP",
        )
        .unwrap(),
    );
    config.archives.push(ArchiveSettings {
        name: "elsewhere".into(),
        web: None,
        dimse: Some(
            DimseSettings::new(
                &destination.dimse_addr().to_string(),
                destination.ae_title().as_str(),
                "MCP",
            )
            .unwrap(),
        ),
    });
    config.permissions.move_to = vec![title];
    let client = Client::of(config).await;

    let found = client.call("find-studies", json!({})).await;
    assert_eq!(found.structured()["returned"], 1);
    let refused = client
        .call(
            "move-study",
            json!({"studyInstanceUid": study.study_uid(), "destination": "NOWHERE"}),
        )
        .await;
    assert!(
        refused.refusal().contains("--allow-move"),
        "{}",
        refused.text()
    );
    let moved = client
        .call(
            "move-study",
            json!({"studyInstanceUid": study.study_uid(), "destination": "ELSEWHERE"}),
        )
        .await;
    assert_eq!(moved.structured()["completed"], 3, "{}", moved.text());
    assert_eq!(moved.structured()["outcome"], "all");
    assert_eq!(destination.stored().len(), 3);

    // Success of a move that no search can confirm is not called all of the study.
    let refused = json!({
        "when": {"service": "search", "level": "instance"},
        "then": {"http-status": {"status": 400}},
    });
    archive.inject(serde_json::from_value::<Rule>(refused).unwrap());
    let unchecked = client
        .call(
            "move-study",
            json!({"studyInstanceUid": study.study_uid(), "destination": "ELSEWHERE"}),
        )
        .await;
    assert_eq!(
        unchecked.structured()["outcome"],
        "unchecked",
        "{}",
        unchecked.text()
    );
    assert!(!unchecked.text().contains("All of"), "{}", unchecked.text());
    assert_eq!(
        unchecked.structured()["warnings"].as_array().unwrap().len(),
        1
    );

    let there = client
        .call("find-studies", json!({"archive": "elsewhere"}))
        .await;
    assert_eq!(there.structured()["returned"], 1, "{}", there.text());
    let nowhere = client
        .call("find-studies", json!({"archive": "elsewere"}))
        .await;
    assert!(
        nowhere.refusal().contains("Try: elsewhere"),
        "{}",
        nowhere.text()
    );
    let nothing = client
        .call(
            "move-study",
            json!({"studyInstanceUid": "1.2.3", "destination": "ELSEWHERE"}),
        )
        .await;
    assert!(nothing.is_error(), "{}", nothing.text());
}

#[tokio::test]
async fn a_study_is_retrieved_into_files_over_either_protocol() {
    let study = ct("chest").size(16).slices(3).and(report_measurements());
    let both = Both::holding(std::slice::from_ref(&study)).await;
    for dimse in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut config = if dimse {
            Config::for_dimse(
                &both.archive.dimse_addr().to_string(),
                both.archive.ae_title().as_str(),
            )
            .unwrap()
        } else {
            Config::for_host(&both.archive.web_url()).unwrap()
        };
        let off = Client::of(config.clone()).await;
        let arguments = json!({"studyInstanceUid": study.study_uid(), "into": "here"});
        let refused = off.call("retrieve-study", arguments.clone()).await;
        assert!(
            refused.refusal().contains("--allow-retrieve-to"),
            "{}",
            refused.text()
        );
        config.permissions.retrieve_to = vec![folder.path().canonicalize().unwrap()];
        let client = Client::of(config).await;
        let outside = client
            .call(
                "retrieve-study",
                json!({"studyInstanceUid": study.study_uid(), "into": "../there"}),
            )
            .await;
        assert!(
            outside.refusal().contains("not allowed"),
            "{}",
            outside.text()
        );
        let reply = client.call("retrieve-study", arguments).await;
        assert_eq!(reply.structured()["complete"], true, "{}", reply.text());
        let mut names: Vec<String> = std::fs::read_dir(folder.path().join("here"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let mut uids: Vec<String> = study
            .instances()
            .iter()
            .map(|instance| format!("{}.dcm", instance.sop_instance))
            .collect();
        uids.sort();
        assert_eq!(names, uids);
    }
}
