//! The three failures that people ask for first, and failures that come and go by states, through the four doors: Rust, HTTP, a file and the command line.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use dicom_fixtures::{Instance, TransferSyntax, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{
    HttpStatus, PatientConflict, RefuseInstance, RefuseTransferSyntax,
};
use dicom_mock_archive::rule::{After, Rule, Transition, storing};
use dicom_mock_archive::scenario::Scenario;
use dicom_wire::stow::{FailureReason, StoreResponse};

use crate::binary::{FREE_PORTS, PROGRAM};
use crate::support::{client, stow_request_to};

/// One failure in the words of each door, and what provokes it.
struct Failure {
    rule: Rule,
    json: &'static str,
    toml: &'static str,
    argument: &'static str,
    uploads: Vec<Vec<Instance>>,
    /// Status of the last upload, and the reasons in its answer.
    expected: (u16, BTreeSet<u16>),
}

fn failures() -> [Failure; 3] {
    let chest = ct("chest").size(16).slices(3);
    let rle = chest.clone().encode(TransferSyntax::Rle);
    let (first, second) = dicom_fixtures::conflict();
    let all = |study: &dicom_fixtures::Study| study.instances().to_vec();
    [
        Failure {
            rule: Rule::when(storing().number(2)).then(RefuseInstance {
                reason: FailureReason::OUT_OF_RESOURCES,
            }),
            json: r#"{"when":{"service":"store","number":2},"then":{"refuse-instance":{"reason":"A700"}}}"#,
            toml: "when = { service = \"store\", number = 2 }\nthen = { refuse-instance = { reason = \"A700\" } }",
            argument: "refuse-instance:service=store:number=2:reason=A700",
            uploads: vec![all(&chest)],
            expected: (202, BTreeSet::from([0xA700])),
        },
        Failure {
            rule: Rule::when(storing()).then(RefuseTransferSyntax::default()),
            json: r#"{"when":{"service":"store"},"then":"refuse-transfer-syntax"}"#,
            toml: "when = { service = \"store\" }\nthen = \"refuse-transfer-syntax\"",
            argument: "refuse-transfer-syntax:service=store",
            uploads: vec![all(&rle)],
            expected: (409, BTreeSet::from([0xC122])),
        },
        Failure {
            rule: Rule::when(storing())
                .then(PatientConflict::default())
                .once(),
            json: r#"{"when":{"service":"store"},"then":{"patient-conflict":{"outcome":"reject"}},"often":"once"}"#,
            toml: "when = { service = \"store\" }\nthen = { patient-conflict = { outcome = \"reject\" } }\noften = \"once\"",
            argument: "patient-conflict:reject:service=store:once",
            uploads: vec![all(&first), second.instances()[..1].to_vec()],
            expected: (409, BTreeSet::from([0xA778])),
        },
    ]
}

/// What an upload to this service gets, the last of several.
async fn uploaded(web: &str, uploads: &[Vec<Instance>]) -> (u16, BTreeSet<u16>) {
    let mut last = (0, BTreeSet::new());
    for instances in uploads {
        let request = stow_request_to(&client(), web, instances);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let account = StoreResponse::from_json(&answer.bytes().await.unwrap()).unwrap();
        let reasons = account.failed.iter().filter_map(|one| one.reason);
        last = (status, reasons.map(|reason| reason.0).collect());
    }
    last
}

async fn journal(control: &str) -> String {
    let request = client().get(format!("{control}/journal"));
    let answer = request.header("Accept", "text/plain").send().await;
    answer.unwrap().text().await.unwrap()
}

/// The archive as a program, ended with the test.
struct Program {
    child: Child,
    web: String,
    control: String,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(FREE_PORTS)
            .arg("--empty")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let ready = BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line);
        ready.unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = |key: &str| ready[key].as_str().unwrap().to_owned();
        Self {
            web: address("dicomweb"),
            control: address("control"),
            child,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_named_failures_are_the_same_from_rust_http_a_file_and_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    for (number, failure) in failures().into_iter().enumerate() {
        let path = folder.path().join(format!("{number}.toml"));
        let text = format!("about = \"One failure.\"\n\n[[rules]]\n{}\n", failure.toml);
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap();
        let mut seen = Vec::new();

        let from_rust = MockArchive::start().await;
        from_rust.inject(failure.rule.clone());
        let over_http = MockArchive::start().await;
        let posted = client().post(over_http.control_url() + "/rules");
        let posted = posted.body(failure.json).send().await.unwrap();
        assert!(
            posted.status().is_success(),
            "{}",
            posted.text().await.unwrap()
        );
        let scenario = Scenario::find(path).unwrap();
        let of_file = MockArchive::builder().scenario(scenario).start().await;
        let of_file = of_file.unwrap();
        for archive in [&from_rust, &over_http, &of_file] {
            let answer = uploaded(&archive.web_url(), &failure.uploads).await;
            seen.push((answer, journal(&archive.control_url()).await));
        }
        for arguments in [["--fault", failure.argument], ["--scenario", path]] {
            let program = Program::start(&arguments);
            let answer = uploaded(&program.web, &failure.uploads).await;
            seen.push((answer, journal(&program.control).await));
        }

        assert_eq!(seen[0].0, failure.expected, "{}", failure.argument);
        assert!(seen[0].1.contains("rule 1"), "{}", seen[0].1);
        for other in &seen[1..] {
            assert_eq!(*other, seen[0], "{}", failure.argument);
        }
    }
}

/// Stores as many instances at once, so often; what became of each.
async fn stored(web: &str, times: usize) -> Vec<u16> {
    let chest = ct("chest").size(16).slices(3);
    let mut statuses = Vec::new();
    for _ in 0..times {
        let request = stow_request_to(&client(), web, chest.instances());
        statuses.push(request.send().await.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn states_and_what_leads_to_them_are_the_same_from_rust_http_a_file_and_the_command_line() {
    const TEXT: &str = r#"
        about = "Busy from the third store of a calm state on, for two requests."
        start = "calm"

        [[rules]]
        in-state = "busy"
        when = { service = "store" }
        then = { http-status = { status = 503 } }

        [[transitions]]
        from = "calm"
        to = "busy"
        when = { service = "store" }
        times = 3

        [[transitions]]
        from = "busy"
        to = "calm"
        when = { service = "store" }
        after = { exchanges = 2 }
    "#;
    let busy = Rule::when(storing())
        .then(HttpStatus::new(503))
        .in_state("busy");
    let to_busy = Transition::to("busy").from("calm").when(storing()).times(3);
    let to_calm = Transition::to("calm")
        .from("busy")
        .when(storing())
        .after(After::exchanges(2));
    let scenario = Scenario {
        about: "Busy from the third store of a calm state on, for two requests.".to_owned(),
        start: Some("calm".to_owned()),
        rules: vec![busy],
        transitions: vec![to_busy, to_calm],
    };
    assert_eq!(TEXT.parse::<Scenario>().unwrap(), scenario);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("states.toml");
    std::fs::write(&path, TEXT).unwrap();
    let path = path.to_str().unwrap();

    let from_rust = MockArchive::builder().scenario(scenario.clone());
    let from_rust = from_rust.start().await.unwrap();
    let over_http = MockArchive::start().await;
    let posted = client().post(over_http.control_url() + "/scenarios");
    let posted = posted.body(serde_json::to_vec(&scenario).unwrap());
    assert!(posted.send().await.unwrap().status().is_success());
    let mut seen = Vec::new();
    for archive in [&from_rust, &over_http] {
        let statuses = stored(&archive.web_url(), 8).await;
        seen.push((statuses, journal(&archive.control_url()).await));
    }
    let words = [
        "--fault",
        "http-status:503:service=store:in-state=busy",
        "--start",
        "calm",
        "--transition",
        "busy:from=calm:service=store:times=3",
        "--transition",
        "calm:from=busy:service=store:after.exchanges=2",
    ];
    for arguments in [&words[..], &["--scenario", path]] {
        let program = Program::start(arguments);
        let statuses = stored(&program.web, 8).await;
        seen.push((statuses, journal(&program.control).await));
    }

    assert_eq!(seen[0].0, [200, 200, 503, 503, 200, 200, 200, 503]);
    assert!(seen[0].1.contains("busy"), "{}", seen[0].1);
    for other in &seen[1..] {
        assert_eq!(*other, seen[0]);
    }
}
