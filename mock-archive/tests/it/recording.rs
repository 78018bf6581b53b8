//! Recording an archive and answering from the recording.

use std::path::{Path, PathBuf};

use dicom_fixtures as fixtures;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::recording::mask::Mask;
use dicom_mock_archive::recording::web::{self, Outcome};
use dicom_mock_archive::recording::{
    Body, Kept, Passed, Patients, Recorder, Recording, Relay, Settings,
};
use dicom_mock_archive::rule::Rule;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::client;

const JSON: &str = "application/dicom+json";
const DICOM: &str = r#"multipart/related; type="application/dicom"; transfer-syntax=*"#;

/// An archive, and a recorder in front of it.
struct Recorded {
    archive: MockArchive,
    recorder: Option<Recorder>,
    folder: TempDir,
}

impl Recorded {
    async fn start(mask: Option<Mask>, max_body: usize) -> Self {
        let archive = MockArchive::start().await;
        let folder = TempDir::new().unwrap();
        let recorder = Recorder::start(Settings {
            web: Some(Relay {
                listen: ([127, 0, 0, 1], 0).into(),
                upstream: archive.web_url().parse().unwrap(),
            }),
            dimse: Some(Relay {
                listen: ([127, 0, 0, 1], 0).into(),
                upstream: archive.dimse_addr().to_string(),
            }),
            out: folder.path().join("recording"),
            mask,
            max_body,
            roots: None,
        })
        .await
        .unwrap();
        Self {
            archive,
            recorder: Some(recorder),
            folder,
        }
    }

    fn url(&self) -> String {
        self.recorder.as_ref().unwrap().web_url().unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("recording")
    }

    /// Ends the recorder and reads what it wrote.
    fn read(&mut self) -> Recording {
        self.recorder = None;
        Recording::read(&self.path()).unwrap()
    }
}

async fn get(url: &str, accept: &str) -> (StatusCode, Vec<u8>) {
    let client = client();
    let answer = client
        .get(url)
        .header("accept", accept)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    (status, answer.bytes().await.unwrap().to_vec())
}

async fn replayed(recording: Recording, mask: Option<Mask>) -> MockArchive {
    MockArchive::builder()
        .replay(recording, mask)
        .start()
        .await
        .unwrap()
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn a_client_of_the_recording_sees_what_a_client_of_the_archive_saw() {
    let mut recorded = Recorded::start(None, 1 << 20).await;
    let study = fixtures::ct("chest").size(16).slices(2);
    recorded.archive.load(&study).unwrap();
    let paths = [
        "/studies".to_owned(),
        "/studies?limit=1&PatientID=none".to_owned(),
        format!("/studies/{}/metadata", study.study_uid()),
        "/studies/1.2.3.4.5.6.7/metadata".to_owned(),
    ];
    let (mut seen, url) = (Vec::new(), recorded.url());
    for path in &paths {
        seen.push(get(&format!("{url}{path}"), JSON).await);
    }
    let whole = format!("/studies/{}", study.study_uid());
    seen.push(get(&format!("{url}{whole}"), DICOM).await);

    let recording = recorded.read();
    assert_eq!(recording.head.patients, Patients::AsSeen);
    let replay = replayed(recording, None).await;

    for (path, (status, body)) in paths.iter().zip(&seen) {
        let (again, same) = get(&format!("{}{path}", replay.web_url()), JSON).await;
        assert_eq!(again, *status, "{path}");
        let elsewhere = String::from_utf8_lossy(body).replace(&url, &replay.web_url());
        assert_eq!(String::from_utf8_lossy(&same), elsewhere, "{path}");
    }
    // The order and the escapes of query keys are the client's own affair.
    let other_order = format!("{}/studies?Patient%49D=none&limit=1", replay.web_url());
    assert_eq!(get(&other_order, JSON).await.0, seen[1].0);
    let (_, parts) = get(&format!("{}{whole}", replay.web_url()), DICOM).await;
    let parts = String::from_utf8_lossy(&parts).replace(&replay.web_url(), "");
    let before = String::from_utf8_lossy(&seen[4].1).replace(&recorded.archive.web_url(), "");
    assert!(parts == before, "the multipart body is another one");
}

#[tokio::test]
async fn patients_are_replaced_by_the_same_ones_each_time() {
    let mut recorded = Recorded::start(Some(Mask::random()), 1 << 20).await;
    let study = fixtures::ct("chest").size(16).slices(1);
    recorded.archive.load(&study).unwrap();
    let object = study.instances()[0].object();
    let value = |name: &str| {
        object
            .element_by_name(name)
            .unwrap()
            .to_str()
            .unwrap()
            .to_string()
    };
    let (id, name, uid) = (
        value("PatientID"),
        value("PatientName"),
        study.study_uid().to_string(),
    );
    let url = recorded.url();
    get(&format!("{url}/studies?PatientID={id}"), JSON).await;
    get(&format!("{url}/studies/{uid}/metadata"), JSON).await;
    get(
        &format!("{url}/studies/{uid}/metadata"),
        r#"multipart/related; type="application/dicom+xml""#,
    )
    .await;
    get(&format!("{url}/studies/{uid}"), DICOM).await;

    let recording = recorded.read();

    let file = text_of(&recorded.path());
    for secret in [&id, &name, &uid, study.instances()[0].sop_instance.as_str()] {
        assert!(!file.contains(secret), "{secret} is in the recording");
    }
    let bodies: Vec<_> = recording
        .exchanges
        .iter()
        .enumerate()
        .map(|(index, _)| body(&web(&recording, index).outcome))
        .collect();
    assert!(
        bodies.iter().all(|body| !body.is_empty()),
        "something was withheld"
    );
    let part10 = &bodies[3];
    for secret in [&id, &name, &uid] {
        assert!(
            memchr::memmem::find(part10, secret.as_bytes()).is_none(),
            "{secret} is in the data set"
        );
    }

    let rows: Value = serde_json::from_slice(&bodies[0]).unwrap();
    let metadata: Value = serde_json::from_slice(&bodies[1]).unwrap();
    let other_id = rows[0]["00100020"]["Value"][0].as_str().unwrap();
    assert_eq!(metadata[0]["00100020"]["Value"][0], other_id);
    assert!(memchr::memmem::find(part10, other_id.as_bytes()).is_some());
    assert_eq!(
        web(&recording, 0).request.target,
        format!("/studies?PatientID={other_id}")
    );
    let other_uid = rows[0]["0020000D"]["Value"][0].as_str().unwrap();
    assert_eq!(
        web(&recording, 1).request.target,
        format!("/studies/{other_uid}/metadata")
    );
    assert_eq!(
        rows[0]["00081190"]["Value"][0],
        format!("{{base}}/studies/{other_uid}")
    );
}

#[tokio::test]
async fn with_the_key_one_asks_for_the_patient_by_name() {
    let mut recorded = Recorded::start(Some(Mask::with_key("a secret")), 1 << 20).await;
    let study = fixtures::ct("chest").size(16).slices(1);
    recorded.archive.load(&study).unwrap();
    let path = format!("/studies/{}/metadata", study.study_uid());
    get(&format!("{}{path}", recorded.url()), JSON).await;
    let recording = recorded.read();

    let knowing = replayed(recording.clone(), Some(Mask::with_key("a secret"))).await;
    let unknowing = replayed(recording, None).await;

    assert_eq!(
        get(&format!("{}{path}", knowing.web_url()), JSON).await.0,
        200
    );
    assert_eq!(
        get(&format!("{}{path}", unknowing.web_url()), JSON).await.0,
        501
    );
}

#[tokio::test]
async fn what_went_wrong_goes_wrong_again() {
    let mut recorded = Recorded::start(None, 1 << 20).await;
    let study = fixtures::ct("chest").size(64).slices(1);
    recorded.archive.load(&study).unwrap();
    let url = format!("{}/studies/{}", recorded.url(), study.study_uid());
    recorded
        .archive
        .inject(Rule::parse("http-status:503:retry-after=7:once").unwrap());
    recorded
        .archive
        .inject(Rule::parse("cut-body:after=100:nth=2").unwrap());
    assert_eq!(get(&url, DICOM).await.0, 503);
    let cut = client()
        .get(&url)
        .header("accept", DICOM)
        .send()
        .await
        .unwrap();
    assert!(cut.bytes().await.is_err());
    assert_eq!(get(&url, DICOM).await.0, 200);

    let replay = replayed(recorded.read(), None).await;

    let url = format!("{}/studies/{}", replay.web_url(), study.study_uid());
    let client = client();
    let busy = client
        .get(&url)
        .header("accept", DICOM)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (busy.status().as_u16(), &busy.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );
    let cut = client
        .get(&url)
        .header("accept", DICOM)
        .send()
        .await
        .unwrap();
    assert_eq!(cut.status(), 200);
    assert!(cut.bytes().await.is_err());
    // The last answer is given again and again.
    for _ in 0..2 {
        assert_eq!(get(&url, DICOM).await.0, 200);
    }
}

#[tokio::test]
async fn rules_act_on_a_recording_and_the_journal_shows_what_it_lacks() {
    let mut recorded = Recorded::start(None, 1 << 20).await;
    get(&format!("{}/studies?limit=1", recorded.url()), JSON).await;
    let replay = replayed(recorded.read(), None).await;
    replay.inject(Rule::parse("http-status:500:nth=2").unwrap());
    let url = replay.web_url();

    let mut statuses = Vec::new();
    for path in ["/studies?limit=1", "/studies?limit=1", "/studies?limit=2"] {
        statuses.push(get(&format!("{url}{path}"), JSON).await);
    }

    assert_eq!(statuses[1].0, 500);
    assert_eq!(statuses[2].0, 501);
    assert_eq!(
        String::from_utf8_lossy(&statuses[2].1),
        "the recording has no GET /studies?limit=2; of this path it has GET /studies?limit=1"
    );
    assert!(
        replay
            .journal()
            .to_string()
            .contains("the recording has no answer to this")
    );
}

#[tokio::test]
async fn a_long_body_passes_whole_and_is_not_kept() {
    let mut recorded = Recorded::start(None, 1000).await;
    let study = fixtures::ct("chest").size(64).slices(1);
    recorded.archive.load(&study).unwrap();
    let path = format!("/studies/{}", study.study_uid());

    let (status, body) = get(&format!("{}{path}", recorded.url()), DICOM).await;

    assert!(status == 200 && body.len() > study.instances()[0].bytes.len());
    let recording = recorded.read();
    let Outcome::Answer(answer) = &web(&recording, 0).outcome else {
        panic!("no answer")
    };
    assert!(matches!(&answer.body, Body::Withheld { bytes, .. } if *bytes == body.len() as u64));
    let replay = replayed(recording, None).await;
    let (status, said) = get(&format!("{}{path}", replay.web_url()), DICOM).await;
    assert_eq!(status, 501);
    assert!(String::from_utf8_lossy(&said).contains("were not kept"));
}

#[tokio::test]
async fn stores_pass_and_credentials_do_not_stay() {
    let mut recorded = Recorded::start(Some(Mask::random()), 1 << 20).await;
    let study = fixtures::ct("chest").size(16).slices(2);
    let mut body = Vec::new();
    for instance in study.instances() {
        body.extend_from_slice(b"--b\r\nContent-Type: application/dicom\r\n\r\n");
        body.extend_from_slice(&instance.bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--b--\r\n");
    let store = |url: String| {
        let request = client().post(url).body(body.clone());
        let request = request.header(
            "content-type",
            r#"multipart/related; type="application/dicom"; boundary=b"#,
        );
        request.header("accept", JSON).bearer_auth("hush").send()
    };

    let answer = store(format!("{}/studies", recorded.url())).await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(recorded.archive.stored(), study.uids());
    let recording = recorded.read();
    assert!(!text_of(&recorded.path()).contains("hush"));
    assert!(
        matches!(web(&recording, 0).request.body.kept(), Kept::Whole(kept) if kept.len() > body.len() / 2)
    );
    let replay = replayed(recording, None).await;
    assert_eq!(
        store(format!("{}/studies", replay.web_url()))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[test]
fn a_file_that_is_no_recording_is_refused_by_line() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("r");
    for (text, said) in [
        ("", "line 1"),
        ("{\"recording\":2,\"patients\":\"replaced\"}\n", "version 2"),
        (
            "{\"recording\":1,\"patients\":\"replaced\"}\n{}\n",
            "line 2",
        ),
        (
            "{\"recording\":1,\"patients\":\"replaced\",\"more\":1}\n",
            "more",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = Recording::read(&path).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    // A recorder that was killed leaves half a line.
    std::fs::write(
        &path,
        "{\"recording\":1,\"patients\":\"replaced\"}\n{\"number\":1,",
    )
    .unwrap();
    assert_eq!(Recording::read(&path).unwrap().exchanges, []);
}

fn body(outcome: &Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Answer(answer) => match answer.body.kept() {
            Kept::Whole(bytes) => bytes.to_vec(),
            Kept::Nothing(_) => Vec::new(),
        },
        Outcome::Failed(_) => Vec::new(),
    }
}

fn web(recording: &Recording, index: usize) -> &web::Exchange {
    match &recording.exchanges[index].passed {
        Passed::Web(exchange) => exchange,
        other => panic!("{other:?} where HTTP was expected"),
    }
}
