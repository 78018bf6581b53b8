//! Our server and our store command, judged by the harness as it judges anybody's: they pass, what is broken about them is noticed, and
//! liars do not pass.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use dicom_conformance::catalogue;
use dicom_conformance::check::Level;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::report::Report;
use dicom_conformance::run::{Options, Strict, run};
use dicom_conformance::subject::adapter::Adapter;
use dicom_conformance::subject::mcp::OF_LIBRARY;
use dicom_conformance::subject::prove::{Proof, prove};
use dicom_conformance::subject::{PATIENCE, Program, Subject};
use dicom_conformance::target::Target;

const BINARY: &str = env!("CARGO_BIN_EXE_dicom-mcp-server");

/// Most of a proof is waiting for programs that do not answer.
fn options() -> Options {
    Options {
        strict: Strict::Yes,
        jobs: 5,
        check_limit: Duration::from_secs(150),
        ..Options::new(Identity::new(41))
    }
}

fn server() -> Program {
    Program {
        subject: Subject::Mcp,
        label: None,
        command: vec![BINARY.into()],
        adapter: Adapter::find("dicom-mcp-server").unwrap(),
        patience: PATIENCE,
        fault: None,
    }
}

fn store(arguments: &str) -> Program {
    let command = format!("{BINARY} store {arguments} --queue {{scratch}}/queue {{files}}");
    let mut adapter = Adapter::default();
    adapter
        .environment
        .insert("DICOMWEB_TIMEOUT".into(), "3000".into());
    Program {
        subject: Subject::Client,
        label: None,
        command: command.split(' ').map(str::to_owned).collect(),
        adapter,
        patience: PATIENCE,
        fault: None,
    }
}

fn over_stow() -> Program {
    store("--dicomweb-host {url}")
}

fn over_c_store() -> Program {
    store("--dimse {host}:{port} --called {called} --calling {calling}")
}

async fn judged(program: Program) -> Report {
    let checks = catalogue::of(program.subject);
    run(&Arc::new(Target::of_program(program)), checks, &options()).await
}

/// Everything that applies and did not pass, with the reason.
fn rest(report: &Report) -> String {
    let mut rest = String::new();
    for judged in &report.checks {
        if !matches!(judged.outcome, Outcome::Pass | Outcome::NotApplicable) {
            let _ = writeln!(
                rest,
                "{} {}: {}",
                judged.outcome,
                judged.check.id,
                judged.got()
            );
        }
    }
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_store_command_passes_every_check_over_c_store() {
    let report = judged(over_c_store()).await;
    assert_eq!(rest(&report), "");
    let beside = report.count(Outcome::NotApplicable);
    assert_eq!((beside, report.checks.len() - beside), (3, 15));
}

/// One line a fault: what its own check said is left out, as it has times and addresses in it.
fn told(proof: &Proof) -> String {
    let mut told = String::new();
    for (check, said) in &proof.rows {
        let word = if said.is_some() { "killed" } else { "MISSED" };
        let _ = writeln!(told, "{word} {} by {}", check.fault, check.id);
    }
    told
}

/// Every check passes on the program as it is, and fails under its own fault.
fn proven(proof: &Proof) -> String {
    let whole = proof.unfit.is_empty() && proof.unproven.is_empty();
    assert!(whole && proof.is_clean(), "{proof}");
    told(proof)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_server_passes_every_check_and_every_fault_of_a_server_is_noticed() {
    let proof = prove(&server(), catalogue::of(Subject::Mcp), &options()).await;
    insta::assert_snapshot!("faults_of_servers", proven(&proof));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_store_command_passes_every_check_and_every_fault_of_a_client_is_noticed() {
    let proof = prove(&over_stow(), catalogue::of(Subject::Client), &options()).await;
    insta::assert_snapshot!("faults_of_clients", proven(&proof));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_asks_an_archive_passes_nothing_that_is_about_one() {
    for liar in ["mcp.everything-is-fine", "mcp.everything-fails"] {
        let report = judged(Program {
            fault: Some(liar),
            ..server()
        })
        .await;
        let passed = |judged: &&dicom_conformance::report::Judged| {
            judged.check.level == Level::Must
                && judged.outcome == Outcome::Pass
                && !OF_LIBRARY.contains(&judged.check.id)
        };
        let passed: Vec<_> = report
            .checks
            .iter()
            .filter(passed)
            .map(|judged| judged.check.id)
            .collect();
        assert_eq!(passed, [""; 0], "{liar}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_nothing_passes_nothing_whatever_its_exit_code() {
    for liar in ["true", "false"] {
        let report = judged(Program {
            command: vec![liar.into(), "{files}".into()],
            ..over_stow()
        })
        .await;
        assert_eq!(report.count(Outcome::Pass), 0, "{liar}: {}", rest(&report));
    }
}
