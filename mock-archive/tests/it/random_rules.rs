//! Rules drawn at random, from the whole list of faults, against clients of both protocols: whatever they do, the archive stands.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use dicom_fixtures::{Study, ct};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::archive::Reset;
use dicom_mock_archive::fault::{AnyFault, Named};
use dicom_mock_archive::policy::{Delete, Policy};
use dicom_mock_archive::rule::{Rule, Then};
use dicom_wire::dimse::{EchoRequest, Status};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::dimse::peer::{
    Answer, EXPLICIT, Peer, STUDY_FIND, VERIFICATION, bytes_of, context, data_set, for_storing,
    identifier, request, store_request, uid,
};

/// How many sets of rules are tried, and how many rules each has.
const SETS: u64 = 24;
const RULES: usize = 4;
/// A client here waits no longer for anything.
const PATIENCE: Duration = Duration::from_millis(400);
/// And the archive has answered a client that gave up, and a right one after it, within this time.
const BOUND: Duration = Duration::from_secs(20);

/// What none of the requests here provokes: it needs what only a C-MOVE, a rejected association, a compressed image or another policy has.
const NOT_MET: &[&str] = &[
    "list-at-most",
    "hide-warning",
    "change-reason",
    "first-value-only",
    "wrap-offset",
    "return-as-stored",
    "stop-on-failure",
    "replace-rejection",
    "destination-refuses",
    "refragment",
];

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

/// Faults that are about time, made so short that no client gives up before them or so long that they are not over before the client is; one that would depend on how
/// soon a closed connection is noticed; bytes that do not make a client wait for more, since they are an A-ABORT; and those that do nothing before they are told what to.
const WORDS: &[(&str, &str)] = &[
    ("delay", "delay:by=1ms"),
    ("latency", "latency:of=1ms"),
    ("garbage", "garbage:text=\u{7}\0\0\0\0\u{4}\0\0\0\0"),
    ("stall", "stall:after=20:lasts=1ms"),
    ("idle-close", "idle-close:after=1h"),
    ("busy", "busy:lasts=1h"),
    ("search-lag", "search-lag:by=1h"),
    ("trickle", "trickle:every=1h"),
    ("metadata-lag", "metadata-lag:by=1h"),
    ("delete-lag", "delete-lag:by=1h"),
    ("limit-connections", "limit-connections:most=0"),
    ("dribble", "dribble:bytes=512:pause=1ms"),
    ("bandwidth", "bandwidth:bytes_per_second=10000000"),
    ("rate-limit", "rate-limit:per-second=0:burst=1"),
    ("expire-credentials", "expire-credentials:requests=2"),
    (
        "limit-accept",
        "limit-accept:without=application/dicom+json",
    ),
    ("change-reason", "change-reason:to=0110"),
    ("disk-full", "disk-full:room=1"),
    ("list-at-most", "list-at-most:failed=1"),
    ("ignore-keys", "ignore-keys:attributes=PatientID"),
    ("reject-keys", "reject-keys:attributes=PatientID"),
    ("bound-limit", "bound-limit:most=0"),
    ("cap-results", "cap-results:max=0"),
    ("change-parameter", "change-parameter:name=limit:value=2"),
    ("frame-numbers", "frame-numbers:base=0"),
    ("replace-rejection", "replace-rejection:instead-of=7"),
    (
        "first-value-only",
        "first-value-only:attribute=ModalitiesInStudy",
    ),
];

/// The rule of a fault of the list, under a seed.
fn seeded(name: &str) -> Rule {
    let told = WORDS.iter().find(|(fault, _)| *fault == name);
    let words = told.map_or(name, |(_, words)| words);
    Rule::parse(words).unwrap().seeded(0.6, 7)
}

/// What comes back over HTTP, to its end: how fast it comes is no matter.
async fn heard(archive: &MockArchive, request: &[u8]) {
    let url = archive.web_url();
    let address = url.trim_start_matches("http://").split('/').next().unwrap();
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await
    };
    let _ = tokio::time::timeout(BOUND, exchange).await;
}

/// A status (0000,0900) of a command set that is not pending (PS3.7 E.1).
fn is_over(answer: &[u8]) -> bool {
    const STATUS: [u8; 8] = [0, 0, 0, 9, 2, 0, 0, 0];
    let mut statuses = answer.windows(10).filter(|ten| ten.starts_with(&STATUS));
    statuses.any(|ten| ten[9] != 0xFF)
}

/// The type of an A-ASSOCIATE-AC (PS3.8 9.3.3).
const ACCEPTED: u8 = 2;

/// Sends one message and reads until its last response; whether there was one.
async fn answered(peer: &mut Peer, message: Option<dicom_wire::dimse::Message>) -> bool {
    let Some(message) = message else {
        return matches!(peer.pdu().await, Ok(Some(pdu)) if pdu[0] == ACCEPTED);
    };
    if peer.try_send(&message.to_pdus(0)).await.is_err() {
        return false;
    }
    let mut answer = Vec::new();
    while !is_over(&answer) {
        let Ok(Some(pdu)) = peer.pdu().await else {
            return false;
        };
        let body = pdu.slice(pdu.len().min(6)..);
        match dicom_wire::dimse::pdv::read_body(body) {
            Ok(values) if pdu[0] == 4 => values.iter().for_each(|value| answer.extend(&value.data)),
            _ => return false,
        }
    }
    true
}

/// An echo, a store and a search over one association, each to its end; then the client goes as it should, whatever came.
async fn talked(archive: &MockArchive) {
    let study = ct("chest").size(16).seed(5).slices(1);
    let instance = &study.instances()[0];
    let mut asked = for_storing(study.instances(), &[]);
    let own = Peer::context_of(&asked, &instance.sop_class, &instance.transfer_syntax);
    let next = asked.presentation_contexts.len() as u8 * 2 + 1;
    let more = [VERIFICATION, STUDY_FIND].into_iter().zip([next, next + 2]);
    let more = more.map(|(class, id)| context(id, class, &[EXPLICIT]));
    asked.presentation_contexts.extend(more);
    let echo = EchoRequest {
        message_id: 1,
        sop_class: uid(VERIFICATION),
    };
    let find = dicom_wire::dimse::FindRequest {
        message_id: 5,
        sop_class: uid(STUDY_FIND),
        priority: dicom_wire::dimse::Priority::Medium,
    };
    let level = (
        dicom_dictionary_std::tags::QUERY_RETRIEVE_LEVEL,
        dicom_core::VR::CS,
        "STUDY",
    );
    let message = |context, command: dicom_wire::dimse::Command, data_set| {
        Some(dicom_wire::dimse::Message {
            context,
            command,
            data_set,
        })
    };
    let messages = [
        None,
        message(next, echo.into(), None),
        message(
            own,
            store_request(3, instance).into(),
            Some(data_set(instance)),
        ),
        message(next + 2, find.into(), Some(identifier(&[level]))),
    ];
    let talk = async {
        let Ok(stream) = TcpStream::connect(archive.dimse_addr()).await else {
            return;
        };
        let mut peer = Peer::over(stream);
        let mut goes_on = peer.try_send(&bytes_of(asked)).await.is_ok();
        for message in messages {
            goes_on = goes_on && answered(&mut peer, message).await;
        }
        if goes_on {
            let _ = peer.try_send(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await;
        }
        peer.leave().await;
    };
    let _ = tokio::time::timeout(BOUND, talk).await;
}

/// An archive that everything was asked of under one seeded fault.
async fn asked_under(name: &'static str) -> MockArchive {
    static STORED: LazyLock<Study> = LazyLock::new(|| ct("chest").size(16).slices(2));
    static SENT: LazyLock<Study> = LazyLock::new(|| ct("chest").size(16).seed(3).slices(2));
    static OTHER: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
        let (kept, disputed) = dicom_fixtures::conflict();
        let rle = ct("chest").size(16).seed(8).slices(1);
        let rle = rle.encode(dicom_fixtures::TransferSyntax::Rle);
        let nobody = dicom_fixtures::Patient::new("", "Nobody");
        let nobodys = ct("chest").size(16).seed(9).slices(1).with_patient(&nobody);
        let studies = [kept, disputed, rle, nobodys];
        let mut files: Vec<Bytes> = studies
            .map(|study| study.instances()[0].bytes.clone())
            .into();
        files.extend([
            Bytes::from_static(b"no instance"),
            Bytes::from_static(b"nor this"),
        ]);
        files
    });
    let policy = Policy {
        delete: Delete::Allowed,
        ..Policy::default()
    };
    let archive = MockArchive::builder().policy(policy).start().await.unwrap();
    archive.load(&STORED).unwrap();
    archive.inject(seeded(name));
    let below = format!("/studies/{}", STORED.study_uid());
    let image = &STORED.instances()[0];
    let image = format!(
        "{below}/series/{}/instances/{}",
        image.series, image.sop_instance
    );
    let get = |path: &str, accept: &str| {
        format!("GET /dicomweb{path} HTTP/1.1\r\nHost: archive\r\nAccept: {accept}\r\nAuthorization: Bearer e30.eyJleHAiOjF9.\r\nConnection: close\r\n\r\n").into_bytes()
    };
    let store = |files: &[Bytes]| {
        let mut body = Vec::new();
        for file in files {
            body.extend_from_slice(b"\r\n--b\r\nContent-Type: application/dicom\r\n\r\n");
            body.extend_from_slice(file);
        }
        body.extend_from_slice(b"\r\n--b--\r\n");
        let head = format!(
            "POST /dicomweb/studies HTTP/1.1\r\nHost: archive\r\nContent-Type: multipart/related; type=\"application/dicom\"; boundary=b\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.into_bytes(), body].concat()
    };
    let sent: Vec<Bytes> = SENT
        .instances()
        .iter()
        .map(|instance| instance.bytes.clone())
        .collect();
    let files = "multipart/related; type=\"application/dicom\"";
    let json = "application/dicom+json";
    let delete =
        format!("DELETE /dicomweb{below} HTTP/1.1\r\nHost: archive\r\nConnection: close\r\n\r\n");
    for request in [
        store(&sent),
        get("/studies", json),
        get(
            "/studies?StudyDate=20000101-&limit=1&PatientName=*&fuzzymatching=true&includefield=00081030",
            json,
        ),
        get("/studies?PatientID=nobody", json),
        get(&below, files),
        get(&format!("{below}/metadata"), json),
        get(
            &format!("{image}/frames/1"),
            "multipart/related; type=\"application/octet-stream\"",
        ),
        get(&format!("{image}/rendered"), "image/png"),
        store(&OTHER),
        store(&sent),
        get("/studies?offset=1&nonsense=1", json),
        get(
            "/studies?includefield=ModalitiesInStudy",
            "application/dicom+xml",
        ),
        get("/instances", json),
        get("/nonsense", json),
        get(&below, "*/*"),
        get(&format!("{below}/metadata"), json),
        delete.into_bytes(),
        get(&format!("{below}/metadata"), json),
    ] {
        heard(&archive, &request).await;
    }
    talked(&archive).await;
    archive
}

#[tokio::test]
async fn the_same_seed_gives_the_same_journal_for_every_fault() {
    let mut not_met = Vec::new();
    for names in AnyFault::NAMES.chunks(8) {
        let tried = names.iter().map(|name| async move {
            let archives = tokio::join!(asked_under(name), asked_under(name));
            (*name, archives)
        });
        for (name, (one, other)) in futures_util::future::join_all(tried).await {
            // What an archive does after its client is gone comes to its end.
            let settled = async {
                while one.journal().to_string() != other.journal().to_string() {
                    tokio::task::yield_now().await;
                }
            };
            if tokio::time::timeout(BOUND, settled).await.is_err() {
                assert_eq!(
                    one.journal().to_string(),
                    other.journal().to_string(),
                    "{name}"
                );
            }
            if one.archive().rules().iter().all(|rule| rule.fired == 0) {
                not_met.push(name);
            }
        }
    }
    assert_eq!(not_met, NOT_MET, "faults that none of the requests meets");
}
