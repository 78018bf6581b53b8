//! The program that stores is killed at any point; nothing is lost, nothing is stored twice.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use dicom_fixtures::{Study, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{CutBody, HttpStatus, RefuseInstance};
use dicom_mock_archive::rule::{Rule, any, storing};
use dicom_wire::stow::FailureReason;
use rand::{RngExt as _, SeedableRng as _};

/// Four studies of three slices: four requests, or four associations.
fn studies() -> Vec<Study> {
    (0..4)
        .map(|seed| ct("chest").size(16).slices(3).seed(700 + seed))
        .collect()
}

fn command(archive: &MockArchive, over: Over, queue: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dicom-mcp-server"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("DICOM")) {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .arg("--queue")
        .arg(queue)
        .current_dir(queue)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    match over {
        Over::Web => command.args([
            "--dicomweb-host",
            &archive.web_url(),
            "--dicomweb-timeout",
            "2000",
        ]),
        Over::Dimse => command.args([
            "--dimse",
            &archive.dimse_addr().to_string(),
            "--called",
            archive.ae_title().as_str(),
            "--dicomweb-timeout",
            "2000",
        ]),
    };
    command
}

#[derive(Debug, Clone, Copy)]
enum Over {
    Web,
    Dimse,
}

/// Rules of a seed that go wrong once or twice and then pass, or refuse one instance for good.
fn faults(seed: u64, studies: &[Study]) -> Vec<Rule> {
    let one = studies[(seed % 4) as usize].instances()[(seed % 3) as usize]
        .sop_instance
        .clone();
    let refused = Rule::when(storing().instance(one)).then(RefuseInstance {
        reason: FailureReason::CANNOT_UNDERSTAND,
    });
    match seed % 4 {
        0 => vec![],
        1 => vec![refused],
        2 => vec![
            refused,
            Rule::when(storing()).then(HttpStatus::new(503)).once(),
        ],
        _ => vec![
            Rule::when(any())
                .then(CutBody {
                    after: 20,
                    ..CutBody::default()
                })
                .times(2),
        ],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_instance_is_in_the_archive_once_or_in_the_queue_with_its_reason() {
    for over in [Over::Web, Over::Dimse] {
        for seed in 0..8u64 {
            let studies = studies();
            let folder = tempfile::tempdir().unwrap();
            let (files, queue) = (folder.path().join("files"), folder.path().join("queue"));
            for folder in [&files, &queue] {
                std::fs::create_dir(folder).unwrap();
            }
            let mut all = BTreeSet::new();
            for instance in studies.iter().flat_map(|study| study.instances()) {
                std::fs::write(
                    files.join(format!("{}.dcm", instance.sop_instance)),
                    &instance.bytes,
                )
                .unwrap();
                all.insert(instance.sop_instance.to_string());
            }
            let archive = Arc::new(MockArchive::start().await);
            for rule in faults(seed, &studies) {
                archive.inject(rule);
            }
            let mut follower = archive.archive().follow();
            // Killed once so many exchanges have ended, whatever it is doing then.
            let kill_after = rand_chacha::ChaCha8Rng::seed_from_u64(seed).random_range(1..12);
            let mut child = command(
                &archive,
                over,
                &queue,
                &["store", &files.display().to_string()],
            )
            .spawn()
            .unwrap();
            let mut seen = 0;
            while seen < kill_after && child.try_wait().unwrap().is_none() {
                let next =
                    tokio::time::timeout(std::time::Duration::from_millis(50), follower.recv())
                        .await;
                seen += usize::from(next.is_ok());
            }
            // It may have come to its end by itself.
            let _ = child.kill();
            child.wait().unwrap();

            // A power cut's worth of luck later: list, then finish.
            let listed = command(&archive, over, &queue, &["dead-letters", "list"])
                .output()
                .unwrap();
            assert!(listed.status.success(), "{over:?} {seed}: {listed:?}");
            let retried = command(&archive, over, &queue, &["dead-letters", "retry"])
                .output()
                .unwrap();
            let context = format!(
                "{over:?} seed {seed}, killed after {seen}\n{}\n{}",
                String::from_utf8_lossy(&listed.stdout),
                String::from_utf8_lossy(&retried.stdout)
            );

            let stored: Vec<String> = archive.stored().iter().map(ToString::to_string).collect();
            let once: BTreeSet<String> = stored.iter().cloned().collect();
            assert_eq!(stored.len(), once.len(), "stored twice: {context}");
            let mut queued = BTreeSet::new();
            for entry in std::fs::read_dir(queue.join("letters")).unwrap() {
                let letter: serde_json::Value =
                    serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
                assert!(!letter["reason"].as_str().unwrap().is_empty(), "{context}");
                queued.insert(letter["sopInstanceUid"].as_str().unwrap().to_owned());
            }
            let reached: BTreeSet<String> = once.union(&queued).cloned().collect();
            assert!(
                once.is_disjoint(&queued),
                "in the archive and in the queue: {context}"
            );
            // Killed before it had written down what it would send, it had not begun.
            if !reached.is_empty() {
                assert_eq!(reached, all, "{context}");
            }
            let jobs = std::fs::read_dir(queue.join("jobs")).unwrap();
            let jobs = jobs.filter(|job| {
                job.as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|end| end == "json")
            });
            assert_eq!(jobs.count(), 0, "{context}");
        }
    }
}
