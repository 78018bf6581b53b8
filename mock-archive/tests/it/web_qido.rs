//! Searching over HTTP.

use dicom_fixtures::{Study, ct, mr};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Edition, Extension, Policy};
use dicom_object::InMemDicomObject;
use dicom_wire::{json, xml};
use reqwest::{Response, StatusCode};

use crate::support::client;

async fn get_as(archive: &MockArchive, accept: &str, path: &str) -> Response {
    client()
        .get(archive.web_url() + path)
        .header("Accept", accept)
        .send()
        .await
        .unwrap()
}

async fn get(archive: &MockArchive, path: &str) -> Response {
    get_as(archive, "application/dicom+json", path).await
}

async fn rows(archive: &MockArchive, path: &str) -> Vec<InMemDicomObject> {
    let answer = get(archive, path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/dicom+json");
    let parsed = json::parse(&answer.bytes().await.unwrap()).unwrap();
    assert!(parsed.iter().all(|row| row.faults.is_empty()));
    parsed.into_iter().map(|row| row.object).collect()
}

fn text(row: &InMemDicomObject, keyword: &str) -> String {
    row.element_by_name(keyword)
        .unwrap()
        .to_str()
        .unwrap()
        .into_owned()
}

fn studies() -> [Study; 3] {
    [
        ct("chest").size(32).slices(3),
        mr("brain").slices(2),
        ct("chest").size(32).slices(1).seed(9),
    ]
}

async fn loaded() -> (MockArchive, [Study; 3]) {
    let archive = MockArchive::start().await;
    let studies = studies();
    for study in &studies {
        archive.load(study).unwrap();
    }
    (archive, studies)
}

#[tokio::test]
async fn all_six_resources_answer_with_the_rows_of_their_level() {
    let (archive, studies) = loaded().await;
    let study = &studies[0];
    let (uid, series) = (study.study_uid(), &study.series_uids()[0]);
    let all: usize = studies.iter().map(|study| study.instances().len()).sum();
    let series_count: usize = studies.iter().map(|study| study.series_uids().len()).sum();
    let cases = [
        ("/studies".to_owned(), 3),
        ("/series".to_owned(), series_count),
        ("/instances".to_owned(), all),
        (format!("/studies/{uid}/series"), 1),
        (format!("/studies/{uid}/instances"), 3),
        (format!("/studies/{uid}/series/{series}/instances"), 3),
    ];
    for (path, count) in cases {
        let rows = rows(&archive, &path).await;
        assert_eq!(rows.len(), count, "{path}");
        for row in rows {
            let url = text(&row, "RetrieveURL");
            assert!(
                url.starts_with(&format!("{}/studies/", archive.web_url())),
                "{url}"
            );
            let answer = get_as(
                &archive,
                "*/*",
                url.strip_prefix(&archive.web_url()).unwrap(),
            )
            .await;
            assert_eq!(answer.status(), StatusCode::OK, "{url}");
        }
    }
}

#[tokio::test]
async fn rows_have_the_return_keys_of_their_level_and_of_those_above() {
    let (archive, studies) = loaded().await;
    let study = [
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ModalitiesInStudy",
        "ReferringPhysicianName",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyID",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ];
    let series = [
        "Modality",
        "SeriesInstanceUID",
        "SeriesNumber",
        "NumberOfSeriesRelatedInstances",
    ];
    let instance = ["SOPClassUID", "SOPInstanceUID", "InstanceNumber"];
    let has = |row: &InMemDicomObject, keys: &[&str]| {
        for key in keys {
            assert!(row.element_by_name(key).is_ok(), "{key}");
        }
    };
    for row in rows(&archive, "/studies").await {
        has(&row, &study);
        assert!(row.element_by_name("SeriesInstanceUID").is_err());
    }
    for row in rows(&archive, "/series").await {
        has(&row, &series);
        has(&row, &study);
    }
    for row in rows(&archive, "/instances").await {
        has(&row, &instance);
        has(&row, &series[..3]);
        has(&row, &["StudyInstanceUID", "PatientID"]);
    }
    let path = format!("/studies?StudyInstanceUID={}", studies[0].study_uid());
    let row = &rows(&archive, &path).await[0];
    assert_eq!(text(row, "NumberOfStudyRelatedInstances"), "3");
    assert_eq!(text(row, "ModalitiesInStudy"), "CT");
}

#[tokio::test]
async fn no_match_is_204_or_an_empty_list_by_the_edition() {
    let nothing = "/studies?PatientID=NOBODY";
    let (archive, _) = loaded().await;
    let answer = get(&archive, nothing).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert!(answer.bytes().await.unwrap().is_empty());

    let policy = Policy {
        edition: Edition::E2026,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    let answer = get(&archive, nothing).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap(), "[]");
}

#[tokio::test]
async fn pages_are_disjoint_and_say_how_much_remains() {
    let (archive, studies) = loaded().await;
    let mut seen = Vec::new();
    let whole: Vec<_> = rows(&archive, "/instances")
        .await
        .iter()
        .map(|row| text(row, "SOPInstanceUID"))
        .collect();
    for offset in (0..whole.len()).step_by(2) {
        let path = format!("/instances?limit=2&offset={offset}");
        let answer = get(&archive, &path).await;
        let remaining = whole.len().saturating_sub(offset + 2);
        let warning = answer
            .headers()
            .get("warning")
            .map(|value| value.to_str().unwrap().to_owned());
        match remaining {
            0 => assert_eq!(warning, None),
            _ => {
                let warning = warning.unwrap();
                assert!(warning.starts_with("299 "), "{warning}");
                assert!(
                    warning.contains(&format!("There are {remaining} additional results")),
                    "{warning}"
                );
            }
        }
        seen.extend(
            rows(&archive, &path)
                .await
                .iter()
                .map(|row| text(row, "SOPInstanceUID")),
        );
    }
    assert_eq!(seen, whole);
    assert_eq!(
        get(&archive, "/studies?offset=99").await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        get(&archive, "/studies?limit=0").await.status(),
        StatusCode::NO_CONTENT
    );
    drop(studies);
}

#[tokio::test]
async fn fuzzy_matching_forgives_a_slip_and_needs_no_warning() {
    let (archive, _) = loaded().await;
    let name = text(&rows(&archive, "/studies").await[0], "PatientName");
    let family = name.split('^').next().unwrap().to_lowercase();
    let literal = get(&archive, &format!("/studies?PatientName={family}")).await;
    assert_eq!(literal.status(), StatusCode::NO_CONTENT);

    let fuzzy = get(
        &archive,
        &format!("/studies?PatientName={family}&fuzzymatching=true"),
    )
    .await;

    assert_eq!(fuzzy.status(), StatusCode::OK);
    assert!(!fuzzy.headers().contains_key("warning"));
}

#[tokio::test]
async fn without_fuzzy_matching_the_literal_result_comes_with_a_warning() {
    let mut policy = Policy::default();
    policy.extensions.remove(&Extension::Fuzzy);
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    archive.load(&studies()[0]).unwrap();
    let name = text(&rows(&archive, "/studies").await[0], "PatientName");
    let family = name.split('^').next().unwrap().to_lowercase();

    for (name, rows) in [(family.clone(), 0), (format!("{family}*"), 1)] {
        let path = format!("/studies?PatientName={name}&fuzzymatching=true");
        let answer = get(&archive, &path).await;
        let warning = answer.headers()["warning"].to_str().unwrap().to_owned();
        assert!(warning.starts_with("299 http://"), "{warning}");
        assert!(
            warning.contains("fuzzymatching parameter is not supported"),
            "{warning}"
        );
        let found: Vec<serde_json::Value> =
            serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        assert_eq!(found.len(), rows, "{path}");
    }
    let answer = get(&archive, "/studies?fuzzymatching=false").await;
    assert!(!answer.headers().contains_key("warning"));
}

#[tokio::test]
async fn bad_values_are_400_with_the_value_and_unknown_names_are_ignored() {
    let (archive, _) = loaded().await;
    let cases = [
        (
            "/studies?limit=abc",
            "limit=abc is not a non-negative integer",
        ),
        (
            "/studies?offset=-1",
            "offset=-1 is not a non-negative integer",
        ),
        (
            "/studies?fuzzymatching=maybe",
            "fuzzymatching=maybe is neither true nor false",
        ),
        (
            "/studies?StudyDate=yesterday",
            "StudyDate=yesterday is not a DA value",
        ),
        ("/studies/1.2.x/series", "1.2.x"),
    ];
    for (path, message) in cases {
        let answer = get(&archive, path).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{path}");
        let body = answer.text().await.unwrap();
        assert!(body.contains(message), "{body} instead of {message}");
    }
    assert_eq!(rows(&archive, "/studies?xyzzy=1").await.len(), 3);
}

#[tokio::test]
async fn the_answer_is_json_or_one_xml_part_a_row() {
    let (archive, _) = loaded().await;
    let answer = get_as(
        &archive,
        "multipart/related; type=\"application/dicom+xml\"",
        "/studies",
    )
    .await;
    assert_eq!(answer.status(), StatusCode::OK);
    let content_type = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    let mut decoder = dicom_wire::multipart::Decoder::from_content_type(&content_type).unwrap();
    decoder.push(answer.bytes().await.unwrap());
    let mut parts: Vec<Vec<u8>> = Vec::new();
    while let Some(event) = decoder.poll().unwrap() {
        match event {
            dicom_wire::multipart::Event::PartStart(headers) => {
                assert_eq!(headers.field("content-type"), Some("application/dicom+xml"));
                parts.push(Vec::new());
            }
            dicom_wire::multipart::Event::Data(data) => {
                parts.last_mut().unwrap().extend_from_slice(&data)
            }
            _ => {}
        }
    }
    decoder.finish().unwrap();
    let by_xml: Vec<_> = parts
        .iter()
        .map(|part| text(&xml::parse(part).unwrap().object, "StudyInstanceUID"))
        .collect();
    let by_json: Vec<_> = rows(&archive, "/studies")
        .await
        .iter()
        .map(|row| text(row, "StudyInstanceUID"))
        .collect();
    assert_eq!(by_xml, by_json);

    assert_eq!(
        get_as(&archive, "image/png", "/studies").await.status(),
        StatusCode::NOT_ACCEPTABLE
    );
    assert_eq!(
        get_as(&archive, "*/*", "/studies").await.headers()["content-type"],
        "application/dicom+json"
    );
}

#[tokio::test]
async fn the_host_that_the_client_named_is_in_the_urls() {
    let (archive, _) = loaded().await;
    let answer = client()
        .get(archive.web_url() + "/studies?limit=1")
        .header("Accept", "application/dicom+json")
        .header("Host", "archive.example:8042")
        .send()
        .await
        .unwrap();
    let body = answer.text().await.unwrap();
    assert!(
        body.contains("http://archive.example:8042/dicomweb/studies/"),
        "{body}"
    );
}

/// A value as it stands in a query string: every byte encoded.
fn encoded(value: &str) -> String {
    value.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn names_stored_in_any_character_set_are_found_and_told_in_utf_8() {
    let archive = MockArchive::start().await;
    let studies = dicom_fixtures::names();
    for study in &studies {
        archive.load(study).unwrap();
    }
    for (study, script) in studies.iter().zip(dicom_fixtures::SCRIPTS) {
        // The whole name, each component group alone, and the beginning of each.
        let groups = script.name.split('=');
        let first = |group: &str| group.chars().take(2).collect::<String>() + "*";
        let keys = [script.name.to_owned()]
            .into_iter()
            .chain(groups.clone().map(str::to_owned))
            .chain(groups.map(first));
        for key in keys {
            let path = format!("/studies?PatientName={}", encoded(&key));
            let answer = get(&archive, &path).await;
            let body = answer.bytes().await.unwrap();
            let found = json::parse(&body).unwrap();
            let row = found
                .iter()
                .find(|row| text(&row.object, "StudyInstanceUID") == study.study_uid())
                .unwrap_or_else(|| panic!("{} is not found by {key}", script.name));
            assert_eq!(text(&row.object, "PatientName"), script.name, "{key}");
            if !script.name.is_ascii() {
                let said = String::from_utf8(body.to_vec()).unwrap();
                assert!(said.contains(r#""00080005":{"vr":"CS","Value":["ISO_IR 192"]}"#));
            }
        }
    }
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_studies_arrive() {
    let archive = MockArchive::start().await;
    let study = |n: u64| ct("chest").size(32).slices(2).seed(n);
    let before: Vec<Study> = (1..=7).map(study).collect();
    before.iter().for_each(|study| archive.load(study).unwrap());

    for (path, key, was_there) in [
        ("/studies", "StudyInstanceUID", 7),
        ("/instances", "SOPInstanceUID", 14),
    ] {
        let stored = rows(&archive, path).await;
        let mut found = Vec::new();
        let mut arriving = 100 * was_there as u64;
        while found.len() < was_there {
            let page = format!("{path}?limit=2&offset={}", found.len());
            found.extend(rows(&archive, &page).await.iter().map(|row| text(row, key)));
            arriving += 1;
            archive.load(&study(arriving)).unwrap();
        }
        found.truncate(was_there);
        let expected: Vec<_> = stored
            .iter()
            .take(was_there)
            .map(|row| text(row, key))
            .collect();
        assert_eq!(found, expected, "{path}");
    }
}

#[tokio::test]
async fn a_range_of_dates_and_one_of_times_are_one_interval_over_http() {
    let archive = MockArchive::start().await;
    let moments = [
        ("20260110", "090000"),
        ("20260110", "110000"),
        ("20260111", "230000"),
        ("20260112", "100000"),
        ("20260112", "150000"),
    ];
    let mut inside = Vec::new();
    for (n, (date, time)) in (1..).zip(moments) {
        let study = ct("chest").size(32).slices(1).seed(n).with_date(date);
        let study = study.with(dicom_dictionary_std::tags::STUDY_TIME, time);
        archive.load(&study).unwrap();
        if (2..=4).contains(&n) {
            inside.push(study.study_uid().to_string());
        }
    }
    let path = "/studies?StudyDate=20260110-20260112&StudyTime=1000-1200";
    let found: Vec<_> = rows(&archive, path)
        .await
        .iter()
        .map(|row| text(row, "StudyInstanceUID"))
        .collect();
    assert_eq!(found, inside);
}
