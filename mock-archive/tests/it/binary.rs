use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::tls::Papers;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_dicom-mock-archive");
pub(crate) const FREE_PORTS: [&str; 6] = [
    "--http",
    "127.0.0.1:0",
    "--dimse",
    "127.0.0.1:0",
    "--control",
    "127.0.0.1:0",
];

/// A started archive, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let done = Command::new(PROGRAM).args(arguments).output().unwrap();
    assert!(done.stdout.is_empty(), "stdout belongs to the ready line");
    (done.status.code(), String::from_utf8(done.stderr).unwrap())
}

#[test]
fn the_ready_line_is_one_json_object_with_the_real_ports() {
    let mut child = Command::new(PROGRAM)
        .args(FREE_PORTS)
        .args(["--empty", "--ae-title", "ARCHIVE"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let mut running = Running(child);

    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();

    let keys: Vec<_> = ready.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        ["dicomweb", "dimse", "ae_title", "control", "version"]
    );
    assert_eq!(ready["ae_title"], "ARCHIVE");
    assert!(ready["dicomweb"].as_str().unwrap().ends_with("/dicomweb"));
    assert!(!line.contains(":0/") && !line.contains(":0\""), "{line}");
    running.0.kill().unwrap();
    let mut people = String::new();
    running
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut people)
        .unwrap();
    assert!(
        people.contains(ready["control"].as_str().unwrap()),
        "{people}"
    );
}

#[test]
fn with_a_certificate_the_ready_line_says_https_for_dicomweb_only() {
    let papers = Papers::new();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    );
    std::fs::write(&certificate, papers.certificate).unwrap();
    std::fs::write(&key, papers.key).unwrap();
    let child = Command::new(PROGRAM)
        .args(FREE_PORTS)
        .arg("--tls")
        .args([certificate, key])
        .arg("--empty")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut running = Running(child);
    let mut line = String::new();

    BufReader::new(running.0.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();

    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(ready["dicomweb"].as_str().unwrap().starts_with("https://"));
    assert!(ready["control"].as_str().unwrap().starts_with("http://"));
}

#[test]
fn lists_are_printed_for_people_and_for_programs() {
    for list in ["faults", "scenarios", "personalities"] {
        let text = Command::new(PROGRAM).arg(list).output().unwrap();
        let json = Command::new(PROGRAM)
            .args([list, "--json"])
            .output()
            .unwrap();

        let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        let lines = String::from_utf8(text.stdout).unwrap().lines().count();
        assert_eq!(json.as_array().unwrap().len(), lines, "{list}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2_and_names_the_value() {
    for (arguments, named) in [
        (&["--fault", "stow.partal-200"][..], "stow.partial-200"),
        (&["--fault", "refuse-instance:reson=A700"], "reson"),
        (&["--like", "orthank"], "strict"),
        (&["--like", "azure-dicom,dcmqrscp"], "azure-dicom"),
        (&["--http", "nowhere"], "nowhere"),
        (&["--emptee"], "--emptee"),
    ] {
        let (code, message) = refused(arguments);

        assert_eq!(code, Some(2), "{message}");
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn what_cannot_be_started_ends_with_1_and_names_the_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, named) in [
        (&["--http", address.as_str()][..], address.as_str()),
        (&["--scenario", "no-such-file.toml"], "no-such-file.toml"),
        (&["--load", "no-such-folder"], "no-such-folder"),
        (&["--tls", "no-such.pem", "key.pem"], "no-such.pem"),
    ] {
        let arguments = [arguments, &FREE_PORTS[2..]].concat();
        let arguments: Vec<_> = if arguments[0] == "--http" {
            arguments
        } else {
            [&arguments[..], &FREE_PORTS[..2]].concat()
        };

        let (code, message) = refused(&arguments);

        assert_eq!(code, Some(1), "{message}");
        assert!(message.contains(named), "{message}");
    }
}
