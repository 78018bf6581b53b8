//! Rules drawn at random, from the whole list of faults, against clients of both protocols: whatever they do, the archive stands.

use std::time::Duration;

use dicom_fixtures::ct;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::archive::Reset;
use dicom_mock_archive::fault::{AnyFault, Named};
use dicom_mock_archive::rule::{Rule, Then};
use dicom_wire::dimse::{EchoRequest, Status};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dimse::peer::{
    Answer, EXPLICIT, Peer, STUDY_FIND, VERIFICATION, context, data_set, for_storing, identifier,
    request, store_request, uid,
};

/// How many sets of rules are tried, and how many rules each has.
const SETS: u64 = 24;
const RULES: usize = 4;
/// A client here waits no longer for anything.
const PATIENCE: Duration = Duration::from_millis(400);
/// And the archive has answered a client that gave up, and a right one after it, within this time.
const BOUND: Duration = Duration::from_secs(20);

/// A rule as a user could write it: a fault of the list as it comes or as a name has it, some condition, some trigger.
fn drawn(chance: &mut ChaCha8Rng) -> Rule {
    let named: Vec<&Named> = Named::all().collect();
    let then = match chance.random_range(0..3) {
        0 => {
            let name = AnyFault::NAMES[chance.random_range(0..AnyFault::NAMES.len())];
            Then::named(name).unwrap_or_else(|_| Then::Named(named[0]))
        }
        _ => Then::Named(named[chance.random_range(0..named.len())]),
    };
    let services = [
        "store",
        "search",
        "retrieve",
        "metadata",
        "associate",
        "echo",
    ];
    let when = match chance.random_range(0..4) {
        0 => {
            let service = services[chance.random_range(0..services.len())];
            json!({ "service": service })
        }
        1 => {
            let protocol = ["web", "dimse"][chance.random_range(0..2)];
            json!({ "protocol": protocol })
        }
        _ => json!({}),
    };
    let often = match chance.random_range(0..5) {
        0 => json!("once"),
        1 => {
            let every = chance.random_range(1..4);
            json!({ "every": every })
        }
        2 => {
            let last = chance.random_range(2..5);
            json!({ "nth": { "from": 2, "to": last } })
        }
        3 => {
            let seed = chance.random_range(0..100);
            json!({ "seeded": { "p": 0.5, "seed": seed } })
        }
        _ => json!("always"),
    };
    let then = serde_json::to_value(&then).unwrap();
    let rule: Value = json!({ "when": when, "then": then, "often": often });
    serde_json::from_value(rule).unwrap()
}

/// What comes back over HTTP in the time that is waited, whatever it is.
async fn web(archive: &MockArchive, request: &str) {
    let url = archive.web_url();
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await
    };
    let _ = tokio::time::timeout(PATIENCE, exchange).await;
}

/// An echo, a store and a search over one association, as far as they get.
async fn dimse(archive: &MockArchive) {
    let study = ct("chest").size(16).slices(1);
    let instance = &study.instances()[0];
    let mut asked = for_storing(study.instances(), &[]);
    let next = asked.presentation_contexts.len() as u8 * 2 + 1;
    let more = [VERIFICATION, STUDY_FIND].into_iter().zip([next, next + 2]);
    let more = more.map(|(class, id)| context(id, class, &[EXPLICIT]));
    asked.presentation_contexts.extend(more);
    let talk = async {
        let (mut peer, Answer::Pdu(_)) = Peer::ask(archive, asked.clone()).await else {
            return;
        };
        let echo = EchoRequest {
            message_id: 1,
            sop_class: uid(VERIFICATION),
        };
        let messages = [
            (next, dicom_wire::dimse::Command::from(echo), None),
            (
                1,
                store_request(3, instance).into(),
                Some(data_set(instance)),
            ),
            (
                next + 2,
                dicom_wire::dimse::FindRequest {
                    message_id: 5,
                    sop_class: uid(STUDY_FIND),
                    priority: dicom_wire::dimse::Priority::Medium,
                }
                .into(),
                Some(identifier(&[(
                    dicom_dictionary_std::tags::QUERY_RETRIEVE_LEVEL,
                    dicom_core::VR::CS,
                    "STUDY",
                )])),
            ),
        ];
        for (context, command, data_set) in messages {
            let message = dicom_wire::dimse::Message {
                context,
                command,
                data_set,
            };
            if peer.try_send(&message.to_pdus(0)).await.is_err() {
                return;
            }
            let answered = tokio::time::timeout(PATIENCE, peer.message_or_end()).await;
            if !matches!(answered, Ok(Ok(_))) {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE * 4, talk).await;
}

/// Throws everything at an archive, one after the other; what its journal says, apart from what depends on how fast a client gives up.
async fn thrown(archive: &MockArchive) {
    let get = |path: &str| {
        format!(
            "GET /dicomweb{path} HTTP/1.1\r\nHost: archive\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        )
    };
    let study = ct("chest").size(16).slices(1);
    let below = format!("/studies/{}", study.study_uid());
    let broken = "POST /dicomweb/studies HTTP/1.1\r\nHost: archive\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\nContent-Length: 40\r\nConnection: close\r\n\r\n--b\r\nContent-Type: application/dicom\r\n\r\n";
    for request in [
        get("/studies"),
        broken.to_owned(),
        get(&below),
        get(&format!("{below}/metadata")),
        get("/studies?StudyDate=20200101-&limit=1"),
        get("/nonsense"),
    ] {
        web(archive, &request).await;
    }
    dimse(archive).await;
}

/// The rules that a seed gives, each as JSON.
fn rules(seed: u64) -> Vec<Rule> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    (0..RULES).map(|_| drawn(&mut chance)).collect()
}

async fn tried(seed: u64) {
    let rules = rules(seed);
    let words = serde_json::to_string(&rules).unwrap();
    let archive = MockArchive::start().await;
    archive.load(&ct("chest").size(16).slices(1)).unwrap();
    for rule in rules {
        archive.inject(rule);
    }
    let ended = tokio::time::timeout(BOUND, async {
        thrown(&archive).await;
        archive.archive().reset(Reset::ALL);
        // A port that a rule closed opens again after its time.
        let url = archive.web_url();
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        for door in [archive.dimse_addr(), address.parse().unwrap()] {
            while TcpStream::connect(door).await.is_err() {
                tokio::task::yield_now().await;
            }
        }
        let (mut peer, answer) = Peer::ask(&archive, request()).await;
        assert!(matches!(answer, Answer::Pdu(_)), "seed {seed}: {words}");
        assert_eq!(peer.echo().await, Status::SUCCESS, "seed {seed}: {words}");
        let url = archive.web_url() + "/studies";
        let answer = crate::support::client().get(url).send().await;
        let status = answer.map(|answer| answer.status().as_u16());
        assert!(
            matches!(status, Ok(200 | 204)),
            "seed {seed}: {status:?} {words}"
        );
    });
    assert!(ended.await.is_ok(), "seed {seed} hangs: {words}");
}

#[tokio::test]
async fn the_archive_stands_whatever_rules_are_thrown_at_it_and_is_right_after_a_reset() {
    let sets: Vec<_> = (0..SETS).map(|seed| tokio::spawn(tried(seed))).collect();
    for set in sets {
        set.await.unwrap();
    }
}

#[test]
fn the_same_seed_gives_the_same_rules() {
    assert_eq!(rules(7), rules(7));
    assert_ne!(rules(7), rules(8));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_journal() {
    // Faults of content and status: what a client sees of them does not depend on how fast it is.
    let quick = [
        "refuse-instance",
        "http-status",
        "change-status",
        "drop-row",
        "replace-values",
        "stale-count",
        "json-vr",
        "json-keys",
        "empty-answer",
        "drop-headers",
        "warn-instance",
        "rate-limit",
    ];
    for seed in 0..6_u64 {
        let mut journals = Vec::new();
        for _ in 0..2 {
            let mut chance = ChaCha8Rng::seed_from_u64(seed);
            let archive = MockArchive::start().await;
            archive.load(&ct("chest").size(16).slices(2)).unwrap();
            for _ in 0..RULES {
                let name = quick[chance.random_range(0..quick.len())];
                let rule =
                    Rule::when(dicom_mock_archive::rule::any()).then(Then::named(name).unwrap());
                archive.inject(rule.seeded(0.5, chance.random_range(0..1000)));
            }
            thrown(&archive).await;
            thrown(&archive).await;
            journals.push(archive.journal().to_string());
        }
        assert_eq!(journals[0], journals[1], "seed {seed}");
        assert!(journals[0].contains("rule"), "{}", journals[0]);
    }
}
