//! A call that is cancelled ends at the archive too: by C-CANCEL and A-ABORT over DIMSE, by a closed connection over HTTP.

use std::time::Duration;

use dicom_fixtures::{Study, ct};
use dicom_mcp_server::config::{Config, Permissions, Store};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{Bandwidth, Delay, Dribble, Span};
use dicom_mock_archive::moment::Direction;
use dicom_mock_archive::rule::{Rule, any, retrieving, searching, storing};
use dicom_wire::ae::AeTitle;
use serde_json::{Value as Json, json};

use crate::protocol::Raw;

/// What a machine that has other things to do may take; nothing here waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(20);

/// A call that takes long, and how the archive shows that it ended before its time.
struct Case {
    tool: &'static str,
    over_dimse: bool,
    /// What makes it slow, at the archive or at its destination.
    slow: fn() -> Rule,
    at_destination: bool,
    /// Words of the journal once it has begun.
    begun: &'static str,
    /// Words of the journal once it was cancelled; none where the exchange just ends.
    cancelled: &'static [&'static str],
}

/// A second between two bytes: an answer of some hundred bytes takes minutes.
fn a_byte_a_second() -> Dribble {
    Dribble {
        bytes: 1,
        pause: Span(Duration::from_secs(1)),
    }
}

const CASES: [Case; 6] = [
    Case {
        tool: "find-studies",
        over_dimse: true,
        slow: || Rule::when(searching()).then(Delay::by(Duration::from_secs(1))),
        at_destination: false,
        begun: "C-FIND",
        cancelled: &["FE00", "aborted by the peer"],
    },
    Case {
        tool: "retrieve-study",
        over_dimse: true,
        slow: || Rule::when(retrieving()).then(Delay::by(Duration::from_secs(1))),
        at_destination: false,
        begun: "C-GET",
        cancelled: &["FE00", "aborted by the peer"],
    },
    Case {
        tool: "move-study",
        over_dimse: true,
        slow: || Rule::when(storing()).then(Delay::by(Duration::from_secs(1))),
        at_destination: true,
        begun: "C-MOVE",
        cancelled: &["FE00"],
    },
    Case {
        tool: "find-studies",
        over_dimse: false,
        slow: || Rule::when(searching()).then(a_byte_a_second()),
        at_destination: false,
        begun: "GET /dicomweb/studies?",
        cancelled: &[],
    },
    Case {
        tool: "retrieve-study",
        over_dimse: false,
        slow: || Rule::when(retrieving()).then(a_byte_a_second()),
        at_destination: false,
        begun: "GET /dicomweb/studies/study-1 ",
        cancelled: &[],
    },
    Case {
        tool: "store-instances",
        over_dimse: false,
        slow: || {
            Rule::when(any()).then(Bandwidth {
                bytes_per_second: 2 << 20,
                direction: Some(Direction::Inbound),
            })
        },
        at_destination: false,
        begun: "POST /dicomweb/studies",
        cancelled: &[],
    },
];

fn study() -> Study {
    ct("chest").size(64).slices(4)
}

async fn until(what: &str, archive: &MockArchive, holds: impl Fn() -> bool) {
    let seen = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    let seen = tokio::time::timeout(PATIENCE, seen).await;
    assert!(seen.is_ok(), "{what}:\n{}", archive.journal());
}

/// Whether the last exchange that shows these words has ended.
fn has_ended(archive: &MockArchive, words: &str) -> bool {
    let journal = archive.journal();
    let text = journal.to_string();
    let number = text
        .lines()
        .filter(|line| line.contains(words))
        .filter_map(|line| line.split_once('.')?.0.parse::<u64>().ok())
        .next_back();
    journal
        .entries()
        .iter()
        .any(|entry| Some(entry.number) == number && entry.took.is_some())
}

async fn is_cancelled_at_the_archive(case: &Case) {
    let title = AeTitle::parse("ELSEWHERE").unwrap();
    let destination = MockArchive::start().await;
    let archive = MockArchive::builder()
        .destination(title.clone(), destination.dimse_addr())
        .start()
        .await
        .unwrap();
    let study = study();
    archive.load(&study).unwrap();
    let (files, into) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    if case.tool == "store-instances" {
        // Far more than the buffers of a connection hold: the archive reads these to the end before it sees that nobody writes any more.
        for instance in ct("chest").size(2048).slices(4).seed(9).instances() {
            let name = format!("{}.dcm", instance.sop_instance);
            std::fs::write(files.path().join(name), &instance.bytes).unwrap();
        }
    }
    let mut config = if case.over_dimse {
        Config::for_dimse(
            &archive.dimse_addr().to_string(),
            archive.ae_title().as_str(),
        )
    } else {
        Config::for_host(&archive.web_url())
    }
    .unwrap();
    config.permissions = Permissions::new(Store::On, &[files.path().to_owned()]).unwrap();
    config.permissions.retrieve_to = vec![into.path().canonicalize().unwrap()];
    config.permissions.move_to = vec![title];
    let slow = if case.at_destination {
        &destination
    } else {
        &archive
    };
    slow.inject((case.slow)());
    let arguments = match case.tool {
        "retrieve-study" => json!({"studyInstanceUid": study.study_uid(), "into": "here"}),
        "move-study" => {
            json!({"studyInstanceUid": study.study_uid(), "destination": "ELSEWHERE"})
        }
        "store-instances" => json!({"paths": ["."]}),
        _ => json!({}),
    };
    let mut raw = Raw::of(config, json!({})).await;
    raw.tell(json!({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": case.tool, "arguments": arguments}}))
        .await;
    until(&format!("{} never began", case.tool), &archive, || {
        archive.journal().to_string().contains(case.begun)
    })
    .await;
    assert!(!has_ended(&archive, case.begun), "{}", case.tool);
    raw.tell(json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7, "reason": "enough"}}))
        .await;
    // Other calls are answered meanwhile.
    let pong: Json = raw.ask(8, "ping", json!({})).await;
    assert_eq!(pong["result"], json!({}));
    until(&format!("{} goes on", case.tool), &archive, || {
        let journal = archive.journal().to_string();
        has_ended(&archive, case.begun)
            && case.cancelled.iter().all(|words| journal.contains(words))
    })
    .await;
    if case.tool == "move-study" {
        assert!(
            destination.stored().len() < study.instances().len(),
            "all was moved"
        );
    }
    if case.tool == "store-instances" {
        let all = study.instances().len() + 4;
        assert!(archive.stored().len() < all, "all was stored");
    }
}

#[tokio::test]
async fn what_is_cancelled_over_dimse_ends_by_c_cancel_and_abort() {
    for case in CASES.iter().filter(|case| case.over_dimse) {
        is_cancelled_at_the_archive(case).await;
    }
}

#[tokio::test]
async fn what_is_cancelled_over_http_ends_with_its_connection() {
    for case in CASES.iter().filter(|case| !case.over_dimse) {
        is_cancelled_at_the_archive(case).await;
    }
}
