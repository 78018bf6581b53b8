//! What faults make of searches and of the JSON model, as a client meets it.

use dicom_dictionary_std::tags;
use dicom_fixtures::{Study, ct, mr};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{Edition, Policy};
use dicom_mock_archive::rule::Rule;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use crate::support::client;

/// Two CT studies and an MR study, of three patients.
fn studies() -> [Study; 3] {
    [
        ct("chest").size(32).slices(3),
        mr("brain").slices(2).with(tags::PATIENT_ID, "MRN-5"),
        ct("chest")
            .size(32)
            .slices(1)
            .seed(9)
            .with(tags::PATIENT_ID, "MRN-9"),
    ]
}

async fn with_fault(fault: &str) -> MockArchive {
    let rule = Rule::parse(fault).unwrap();
    let archive = MockArchive::builder().rule(rule).start().await.unwrap();
    studies()
        .iter()
        .for_each(|study| archive.load(study).unwrap());
    archive
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Got {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The rows; none where there is no body.
    fn rows(&self) -> Vec<Value> {
        match self.body.is_empty() {
            true => Vec::new(),
            false => serde_json::from_slice(&self.body).unwrap(),
        }
    }

    fn uids(&self) -> Vec<Value> {
        self.rows()
            .iter()
            .map(|row| row["0020000D"]["Value"][0].clone())
            .collect()
    }
}

async fn get_as(archive: &MockArchive, accept: &str, path: &str) -> Got {
    let request = client()
        .get(archive.web_url() + path)
        .header("Accept", accept);
    let answer = request.send().await.unwrap();
    Got {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.bytes().await.unwrap().to_vec(),
    }
}

async fn get(archive: &MockArchive, path: &str) -> Got {
    get_as(archive, "application/dicom+json", path).await
}

#[tokio::test]
async fn rows_lack_have_too_much_or_come_twice() {
    let faithful = with_fault("qido.drop:study=1.2.3").await;
    let whole = get(&faithful, "/studies").await.uids();
    assert_eq!(whole.len(), 3);

    let archive = with_fault("omit-attributes:attributes=StudyID").await;
    let row = &get(&archive, "/studies").await.rows()[0];
    assert!(row.get("00200010").is_none() && row.get("00080020").is_some());

    let archive = with_fault("add-attribute:attribute=BodyPartExamined:value=KNEE").await;
    let row = &get(&archive, "/studies").await.rows()[0];
    assert_eq!(row["00180015"], json!({ "vr": "CS", "Value": ["KNEE"] }));

    let archive = with_fault("duplicate-row:index=-1").await;
    let uids = get(&archive, "/studies").await.uids();
    assert_eq!((uids.len(), &uids[2]), (4, &uids[3]));

    let archive = with_fault("repeat-rows:to=50").await;
    let uids = get(&archive, "/studies").await.uids();
    assert_eq!((uids.len(), &uids[..3]), (50, &whole[..]));

    let archive = with_fault("reorder-rows:into=rotated").await;
    let uids = get(&archive, "/studies").await.uids();
    assert_eq!(uids, [&whole[1..], &whole[..1]].concat());

    let archive = with_fault("qido.random-order").await;
    assert_eq!(get(&archive, "/studies").await.uids(), whole);
    let reversed: Vec<_> = whole.iter().rev().cloned().collect();
    assert_eq!(get(&archive, "/studies").await.uids(), reversed);
}

#[tokio::test]
async fn of_several_modalities_the_first_is_left() {
    let first = &studies()[0];
    let uid = first.study_uid().to_string();
    // The same study with a series of another modality.
    let second = mr("brain")
        .slices(1)
        .seed(5)
        .with(tags::STUDY_INSTANCE_UID, uid.as_str());
    for (fault, modalities) in [("qido.drop:study=1.2.3", 2), ("first-value-only", 1)] {
        let archive = with_fault(fault).await;
        archive.load(&second).unwrap();
        let path = format!("/studies?StudyInstanceUID={uid}");
        let row = &get(&archive, &path).await.rows()[0];
        assert_eq!(
            row["00080061"]["Value"].as_array().unwrap().len(),
            modalities,
            "{fault}"
        );
    }
}

#[tokio::test]
async fn pages_wrap_hide_what_is_left_or_are_capped() {
    let archive = with_fault("wrap-offset").await;
    let whole = get(&archive, "/studies").await.uids();
    assert_eq!(
        get(&archive, "/studies?limit=1&offset=4").await.uids(),
        whole[1..2]
    );

    let archive = with_fault("hide-remaining").await;
    let page = get(&archive, "/studies?limit=1").await;
    assert_eq!(page.rows().len(), 1);
    assert!(!page.headers.contains_key("warning"));

    for (fault, status, rows, warning) in [
        ("cap-results:max=2", 200, 2, None),
        (
            "cap-results:max=2:silent=false",
            200,
            2,
            Some("1 additional"),
        ),
        ("cap-results:max=2:refuse=413", 413, 0, None),
        ("cap-results:max=3:refuse=413", 200, 3, None),
    ] {
        let archive = with_fault(fault).await;
        let got = get(&archive, "/studies").await;
        assert_eq!(got.status, status, "{fault}");
        if status == 200 {
            assert_eq!(got.rows().len(), rows, "{fault}");
        }
        let said = got
            .headers
            .get("warning")
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(said.is_some(), warning.is_some(), "{fault}: {said:?}");
        assert!(
            said.unwrap_or_default()
                .contains(warning.unwrap_or_default()),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_parameter_has_no_effect_and_nobody_says_so() {
    let study = studies()[0].study_uid().to_string();
    let all = studies().iter().map(|study| study.instances().len()).sum();
    let name = "/studies?PatientName=nobody*";
    let cases = [
        ("limit", "/studies?limit=1".to_owned(), 3),
        ("limit-zero", "/studies?limit=0".to_owned(), 3),
        ("limit-zero", "/studies?limit=1".to_owned(), 1),
        ("offset", "/studies?offset=2".to_owned(), 3),
        ("parent", format!("/studies/{study}/instances"), all),
        ("fuzzymatching", format!("{name}&fuzzymatching=true"), 0),
        (
            "emptyvaluematching",
            "/studies?StudyID=%22%22&emptyvaluematching=true".to_owned(),
            0,
        ),
        (
            "multiplevaluematching",
            "/studies?ModalitiesInStudy=CT,MR&multiplevaluematching=true".to_owned(),
            0,
        ),
    ];
    for (parameter, path, rows) in cases {
        let archive = with_fault(&format!("ignore-parameter:{parameter}")).await;
        let got = get(&archive, &path).await;
        assert_eq!(got.rows().len(), rows, "{parameter}: {path}");
    }
    let fields = "/studies?includefield=StudyDescription&includefield=Manufacturer";
    for (parameter, path, has) in [
        ("includefield", fields, false),
        ("include-all", "/studies?includefield=all", false),
        ("include-rest", fields, true),
        ("include-all", fields, true),
    ] {
        let archive = with_fault(&format!("ignore-parameter:{parameter}")).await;
        let row = &get(&archive, path).await.rows()[0];
        assert_eq!(row.get("00081030").is_some(), has, "{parameter}: {path}");
    }
}

#[tokio::test]
async fn without_fuzzy_matching_the_warning_can_be_missing_too() {
    let mut policy = Policy::default();
    policy.extensions.clear();
    let rule = Rule::parse("ignore-parameter:fuzzymatching").unwrap();
    let archive = MockArchive::builder()
        .policy(policy)
        .rule(rule)
        .start()
        .await
        .unwrap();
    let got = get(&archive, "/studies?PatientName=x&fuzzymatching=true").await;
    assert!(!got.headers.contains_key("warning"));
}

#[tokio::test]
async fn keys_are_ignored_or_refused() {
    let archive = with_fault("ignore-keys:attributes=ModalitiesInStudy").await;
    assert_eq!(
        get(&archive, "/studies?ModalitiesInStudy=MR")
            .await
            .rows()
            .len(),
        3
    );
    assert_eq!(
        get(&archive, "/studies?PatientID=NOBODY")
            .await
            .rows()
            .len(),
        0
    );

    let archive = with_fault("reject-keys:attributes=PatientName:status=400").await;
    assert_eq!(get(&archive, "/studies?PatientName=A*").await.status, 400);
    assert_eq!(get(&archive, "/studies?PatientID=A*").await.status, 204);
}

#[tokio::test]
async fn the_archive_compares_and_reads_in_a_way_of_its_own() {
    let id = {
        let archive = with_fault("qido.drop:study=1.2.3").await;
        let row = get(&archive, "/studies").await.rows()[0].clone();
        row["00100020"]["Value"][0].as_str().unwrap().to_owned()
    };
    let lower = id.to_lowercase();
    assert_ne!(lower, id);
    for (fault, query, rows) in [
        ("match-dialect:any-case", format!("PatientID={lower}"), 1),
        (
            "match-dialect:literal-wildcards",
            format!("PatientID={}*", &id[..2]),
            0,
        ),
        (
            "parameter-dialect:keywords-only",
            format!("00100020={id}"),
            3,
        ),
        ("parameter-dialect:any-case", format!("patientid={id}"), 1),
        (
            "parameter-dialect:plus-is-blank",
            format!("PatientID=+{id}"),
            1,
        ),
        (
            "parameter-dialect:not-decoded",
            format!("PatientID=%{:02X}{}", id.as_bytes()[0], &id[1..]),
            0,
        ),
        (
            "parameter-dialect:wildcards-in-uids",
            "StudyInstanceUID=1.*".to_owned(),
            0,
        ),
        (
            "parameter-dialect:wildcards-in-uids",
            "StudyInstanceUID=2.25.*".to_owned(),
            3,
        ),
    ] {
        let archive = with_fault(fault).await;
        let got = get(&archive, &format!("/studies?{query}")).await;
        assert_eq!(got.rows().len(), rows, "{fault}: {query}");
    }
}

#[tokio::test]
async fn xml_is_answered_with_json() {
    let archive = with_fault("json-always").await;
    let accept = "multipart/related; type=\"application/dicom+xml\"";
    let got = get_as(&archive, accept, "/studies").await;
    assert_eq!(got.headers["content-type"], "application/dicom+json");
    assert_eq!(got.rows().len(), 3);
}

#[tokio::test]
async fn none_found_is_answered_in_every_form() {
    for (form, status, content_type, body) in [
        ("not-found", 404, Some("text/plain"), "nothing found"),
        ("no-content", 204, None, ""),
        ("list", 200, Some("application/dicom+json"), "[]"),
        ("no-body", 200, Some("application/dicom+json"), ""),
        ("empty-object", 200, Some("application/dicom+json"), "[{}]"),
        (
            "html",
            200,
            Some("text/html; charset=utf-8"),
            "<html><body></body></html>",
        ),
    ] {
        for edition in [Edition::E2024, Edition::E2026] {
            let policy = Policy {
                edition,
                ..Policy::default()
            };
            let rule = Rule::parse(&format!("empty-answer:{form}")).unwrap();
            let archive = MockArchive::builder()
                .policy(policy)
                .rule(rule)
                .start()
                .await
                .unwrap();
            let got = get(&archive, "/studies").await;
            let said = got
                .headers
                .get("content-type")
                .map(|value| value.to_str().unwrap());
            assert_eq!(
                (got.status, said, &*got.text()),
                (status, content_type, body),
                "{form}"
            );
        }
    }
}

#[tokio::test]
async fn one_match_is_an_object_and_lists_stay_lists() {
    let archive = with_fault("bare-object").await;
    let one = get(&archive, "/studies?ModalitiesInStudy=MR").await;
    let row: Value = serde_json::from_slice(&one.body).unwrap();
    assert!(row.is_object());
    assert_eq!(get(&archive, "/studies").await.rows().len(), 3);

    let archive = with_fault("byte-order-mark").await;
    assert!(
        get(&archive, "/studies")
            .await
            .body
            .starts_with(b"\xEF\xBB\xBF[")
    );
}

/// The first instance's metadata, and the first study's row, under a fault.
async fn model(fault: &str) -> (String, String) {
    let archive = with_fault(fault).await;
    let study = studies()[0].study_uid().to_string();
    let row = get(&archive, &format!("/studies?StudyInstanceUID={study}")).await;
    let metadata = get(&archive, &format!("/studies/{study}/metadata")).await;
    (metadata.text(), row.text())
}

#[tokio::test]
async fn the_json_model_is_broken_in_one_place_at_a_time() {
    let (whole, row) = model("qido.drop:study=1.2.3").await;
    for (text, in_metadata) in [
        (r#""00280010":{"vr":"US","Value":[32]}"#, true),
        (r#""0020000D":{"vr":"UI""#, true),
        (r#""0020000D":{"vr":"UI""#, false),
        (r#""Value":[{"Alphabetic":"#, false),
    ] {
        assert!(
            if in_metadata { &whole } else { &row }.contains(text),
            "{text}"
        );
    }
    for (fault, text) in [
        (
            "json-value:form=string:vr=US",
            r#""00280010":{"vr":"US","Value":["32"]}"#,
        ),
        (
            "json-value:form=null:vr=US",
            r#""00280010":{"vr":"US","Value":[null]}"#,
        ),
        (
            "json-value:form=scalar:vr=US",
            r#""00280010":{"vr":"US","Value":32}"#,
        ),
        (
            "json-value:form=nan:vr=US",
            r#""00280010":{"vr":"US","Value":[NaN]}"#,
        ),
        ("json-value:form=empty-list", r#""Value":[]"#),
        ("json-names:string", r#"{"vr":"PN","Value":[""#),
        ("json-vr:missing", r#""00280010":{"Value":[32]}"#),
        (
            "json-vr:form=unknown:attributes=Rows",
            r#""00280010":{"vr":"UN","Value":[32]},"00280011":{"vr":"US""#,
        ),
        ("json-vr:wrong", r#""00280010":{"vr":"LT","Value":[32]}"#),
        ("json-keys:lowercase", r#""0020000d":{"vr":"UI""#),
        ("json-keys:keywords", r#""Rows":{"vr":"US","Value":[32]}"#),
        ("json-keys:group-lengths", r#"0000":{"vr":"UL""#),
        (
            "json-bulk:value-and-uri",
            r#""00280010":{"vr":"US","Value":[32],"BulkDataURI":"bulkdata/00280010"}"#,
        ),
        ("json-padding:nul", r#"\u0000"]"#),
        ("json-padding:blank", r#" "]"#),
    ] {
        let (metadata, row) = model(fault).await;
        assert!(
            metadata.contains(text) || row.contains(text),
            "{fault}: {metadata}"
        );
        assert!(!whole.contains(text), "{fault}");
    }
    let (metadata, _) = model("json-keys:descending").await;
    let first = metadata
        .trim_start_matches("[{\"")
        .split('"')
        .next()
        .unwrap();
    assert!(first > "00200000", "{first}");
    let (without, _) = model("json-gaps:empty-attributes").await;
    assert!(!without.contains(r#"{"vr":"LO"}"#) && !without.contains(r#"{"vr":"SH"}"#));
}

#[tokio::test]
async fn names_lose_their_groups_and_their_encoding() {
    for (fault, has, lacks) in [
        ("json-names:alphabetic-only", "Alphabetic", "Ideographic"),
        (
            "json-names:ideographic-only",
            "\"Value\":[{\"Ideographic\"",
            "Phonetic",
        ),
    ] {
        let archive = with_fault(fault).await;
        dicom_fixtures::names()
            .iter()
            .for_each(|study| archive.load(study).unwrap());
        let text = get(&archive, "/studies").await.text();
        assert!(
            text.contains(has) && !text.contains(lacks),
            "{fault}: {text}"
        );
    }
    for (encoding, valid) in [("latin1", false), ("gb18030", false), ("ascii", true)] {
        let archive = with_fault(&format!("json-charset:{encoding}")).await;
        dicom_fixtures::names()
            .iter()
            .for_each(|study| archive.load(study).unwrap());
        let body = get(&archive, "/studies").await.body;
        assert_eq!(std::str::from_utf8(&body).is_ok(), valid, "{encoding}");
        assert!(encoding != "ascii" || body.is_ascii());
    }
}
