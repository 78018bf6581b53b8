//! Every policy: set in Rust, in a file and by a flag with the same words, and the same over both protocols.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_fixtures::{Instance, Study};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{
    Accepts, Auth, Called, Delete, Destination, Discards, Duplicates, Edition, Extension,
    FaultHeader, PatientConflict, Policy, PolicyChanges, Validation,
};
use dicom_mock_archive::tls::{Authorities, Outgoing};
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{Command as Message, FindRequest, Priority};
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;

use crate::binary::PROGRAM;
use crate::dimse::peer::{Answer, EXPLICIT, Peer, STUDY_FIND, for_storing, identifier, request};
use crate::support::{CHEST, c_store, client, stow, stow_request};

/// One policy: its words, and the same as a change in Rust.
type Row = (&'static str, &'static [&'static str], fn(&mut Policy));

fn title(text: &str) -> AeTitle {
    AeTitle::parse(text).unwrap()
}

fn uids(texts: &[&str]) -> BTreeSet<Uid> {
    texts.iter().map(|text| Uid::parse(text).unwrap()).collect()
}

const ROWS: &[Row] = &[
    ("ae-title", &["ARCHIVE"], |policy| {
        policy.ae_title = title("ARCHIVE")
    }),
    ("edition", &["2026a"], |policy| {
        policy.edition = Edition::E2026
    }),
    ("duplicates", &["reject:0111"], |policy| {
        policy.duplicates = Duplicates::Reject(FailureReason(0x0111))
    }),
    ("patient-conflict", &["reject:A77B"], |policy| {
        policy.patient_conflict = PatientConflict::Reject(FailureReason(0xA77B))
    }),
    (
        "coerce",
        &["AccessionNumber=A-1", "PatientComments=a, b = c"],
        |policy| {
            policy.coerce = BTreeMap::from([
                (tags::ACCESSION_NUMBER, "A-1".to_owned()),
                (tags::PATIENT_COMMENTS, "a, b = c".to_owned()),
            ]);
        },
    ),
    ("discards", &["private"], |policy| {
        policy.discards = Discards::PrivateElements
    }),
    ("validation", &["warn"], |policy| {
        policy.validation = Validation::Warn
    }),
    (
        "transfer-syntaxes",
        &["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"],
        |policy| {
            policy.transfer_syntaxes =
                Accepts::Only(uids(&["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]));
        },
    ),
    (
        "sop-classes",
        &["except:1.2.840.10008.5.1.4.1.1.2"],
        |policy| {
            policy.sop_classes = Accepts::Except(uids(&["1.2.840.10008.5.1.4.1.1.2"]));
        },
    ),
    ("max-request-bytes", &["1000"], |policy| {
        policy.max_request_bytes = Some(1000)
    }),
    ("max-instance-bytes", &["1000"], |policy| {
        policy.max_instance_bytes = Some(1000)
    }),
    ("max-stored-bytes", &["9000"], |policy| {
        policy.max_stored_bytes = Some(9000)
    }),
    ("index-delay", &["5s"], |policy| {
        policy.index_delay = Duration::from_secs(5)
    }),
    ("delete", &["allowed"], |policy| {
        policy.delete = Delete::Allowed
    }),
    ("default-limit", &["2"], |policy| {
        policy.default_limit = Some(2)
    }),
    ("max-limit", &["2"], |policy| policy.max_limit = Some(2)),
    ("auth", &["basic:anna:sesame"], |policy| {
        policy.auth = Some(Auth::Basic {
            user: "anna".to_owned(),
            password: "sesame".to_owned(),
        });
    }),
    ("client-ca", &["tests/it/ca.pem"], |policy| {
        policy.client_ca = Some(Authorities::from_file("tests/it/ca.pem").unwrap())
    }),
    ("known-callers", &["ONE", "TWO"], |policy| {
        policy.known_callers = Some(BTreeSet::from([title("ONE"), title("TWO")]))
    }),
    ("storers", &["ONE"], |policy| {
        policy.storers = Some(BTreeSet::from([title("ONE")]))
    }),
    ("called", &["own"], |policy| policy.called = Called::Own),
    ("logins", &["anna:sesame", "bert"], |policy| {
        policy.logins = vec!["anna:sesame".parse().unwrap(), "bert".parse().unwrap()];
    }),
    ("max-associations", &["1"], |policy| {
        policy.max_associations = Some(1)
    }),
    (
        "destinations",
        &["SAFE=tls://localhost:2762", "WS=127.0.0.1:104"],
        |policy| {
            let safe = Destination::from("localhost:2762").over(Outgoing::default());
            let plain = Destination::from("127.0.0.1:104");
            policy.destinations = BTreeMap::from([(title("SAFE"), safe), (title("WS"), plain)]);
        },
    ),
    ("extensions", &["relational", "combined"], |policy| {
        policy.extensions = BTreeSet::from([Extension::Relational, Extension::Combined]);
    }),
    ("max-pdu", &["4096"], |policy| policy.max_pdu = 4096),
    ("commit-attempts", &["7"], |policy| {
        policy.commit_attempts = 7
    }),
    ("commit-interval", &["250ms"], |policy| {
        policy.commit_interval = Duration::from_millis(250)
    }),
    ("artim-timeout", &["5s"], |policy| {
        policy.artim_timeout = Duration::from_secs(5)
    }),
    ("idle-timeout", &["5s"], |policy| {
        policy.idle_timeout = Duration::from_secs(5)
    }),
    ("web-timeout", &["5s"], |policy| {
        policy.web_timeout = Duration::from_secs(5)
    }),
    ("journal-limit", &["5"], |policy| policy.journal_limit = 5),
    ("journal-notes", &["7"], |policy| policy.journal_notes = 7),
    ("fault-header", &["allowed"], |policy| {
        policy.fault_header = FaultHeader::Allowed
    }),
    ("seed", &["7"], |policy| policy.seed = 7),
];

/// What the binary says a policy is, given these arguments.
fn printed(arguments: &[String]) -> BTreeMap<String, String> {
    let done = Command::new(PROGRAM)
        .arg("policy")
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&done.stdout).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(&row["name"]), text(&row["is"])))
        .collect()
}

#[test]
fn each_policy_is_set_in_rust_in_a_file_and_by_a_flag_with_the_same_words() {
    let names: Vec<_> = Policy::FIELDS.iter().map(|field| field.name).collect();
    assert_eq!(
        ROWS.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
        names
    );
    let shown = |policy: &Policy| -> BTreeMap<String, String> {
        Policy::FIELDS
            .iter()
            .map(|field| (field.name.to_owned(), field.show(policy)))
            .collect()
    };
    let mut in_rust = Policy::default();
    let mut file = String::new();
    let mut flags = Vec::new();
    for (name, words, change) in ROWS {
        let mut alone = Policy::default();
        change(&mut alone);
        change(&mut in_rust);
        let mut changes = PolicyChanges::default();
        changes.set(name, *words).unwrap();
        assert_eq!(
            shown(&changes.over(Policy::default())),
            shown(&alone),
            "{name}"
        );
        assert_ne!(shown(&alone), shown(&Policy::default()), "{name}");
        file += &match words {
            [one] => format!("{name} = {one:?}\n"),
            many => format!("{name} = {many:?}\n"),
        };
        flags.extend(
            words
                .iter()
                .flat_map(|word| [format!("--{name}"), (*word).to_owned()]),
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    std::fs::write(&path, &file).unwrap();

    assert_eq!(
        shown(
            &PolicyChanges::from_toml(&file)
                .unwrap()
                .over(Policy::default())
        ),
        shown(&in_rust)
    );
    assert_eq!(
        printed(&["--policy".to_owned(), path.display().to_string()]),
        shown(&in_rust)
    );
    assert_eq!(printed(&flags), shown(&in_rust));
    assert_eq!(printed(&[]), shown(&Policy::default()));

    // What is printed can be given back; secrets are left out of it.
    let mut open = in_rust.clone();
    (open.auth, open.logins) = (None, Vec::new());
    let again = PolicyChanges::from_toml(&in_rust.as_toml()).unwrap();
    assert_eq!(shown(&again.over(Policy::default())), shown(&open));
    assert!(!in_rust.as_toml().contains("sesame"));
}

#[test]
fn a_wrong_field_or_value_of_a_file_is_named_with_its_line_and_the_choices() {
    for (file, named) in [
        (
            "edition = \"2026a\"\nduplicats = \"keep\"",
            &["unknown field `duplicats`", "duplicates", "line 2"][..],
        ),
        (
            "duplicates = \"drop\"",
            &["duplicates: \"drop\" is none of keep, replace", "line 1"],
        ),
        (
            "max-limit = \"many\"",
            &["max-limit: \"many\" is neither none nor a number"],
        ),
        (
            "called = [\"any\", \"own\"]",
            &["called: one value is expected, not 2"],
        ),
        (
            "[coerce]\nPixelData = \"x\"",
            &["PixelData cannot be coerced: it is no text"],
        ),
    ] {
        let error = PolicyChanges::from_toml(file).unwrap_err().to_string();
        for part in named {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

/// An archive with one policy set by its words.
async fn declaring(name: &str, words: &[&str]) -> MockArchive {
    let mut changes = PolicyChanges::default();
    changes.set(name, words).unwrap();
    let policy = changes.over(Policy::default());
    MockArchive::builder().policy(policy).start().await.unwrap()
}

/// What both protocols say about instances stored one after the other, which has to be the same.
async fn told<'a>(
    name: &str,
    words: &[&str],
    instances: impl IntoIterator<Item = &'a Instance>,
) -> Vec<u16> {
    let instances: Vec<_> = instances.into_iter().collect();
    let (web, dimse) = (declaring(name, words).await, declaring(name, words).await);
    let mut codes = Vec::new();
    for instance in &instances {
        let (_, account) = stow(&web, [*instance]).await;
        let warning = account
            .referenced
            .first()
            .map(|one| one.warning.map_or(0, |warning| warning.0));
        let failure = account.failed.first().map(|one| one.reason.unwrap().0);
        codes.push(warning.or(failure).unwrap());
    }
    let mut statuses = Vec::new();
    for instance in &instances {
        statuses.push(c_store(&dimse, [*instance]).await[0].0);
    }
    assert_eq!(codes, statuses, "{name} over STOW-RS and C-STORE");
    assert_eq!(web.stored(), dimse.stored());
    codes
}

/// How many matches a search of all studies gives, over both protocols.
async fn found(archive: &MockArchive, name: &str, query: &str) -> (usize, usize, Option<String>) {
    let url = format!("{}/studies?PatientName={name}&{query}", archive.web_url());
    let answer = client()
        .get(url)
        .header("Accept", "application/dicom+json")
        .send()
        .await
        .unwrap();
    let warning = answer
        .headers()
        .get("Warning")
        .map(|text| text.to_str().unwrap().to_owned());
    let body = answer.bytes().await.unwrap();
    let web = match body.is_empty() {
        true => 0,
        false => serde_json::from_slice::<Vec<serde_json::Value>>(&body)
            .unwrap()
            .len(),
    };
    let asked = for_storing(&[], &[STUDY_FIND]);
    let (mut peer, _) = Peer::associate(archive, asked.clone()).await;
    let keys = [
        (tags::QUERY_RETRIEVE_LEVEL, VR::CS, "STUDY"),
        (tags::PATIENT_NAME, VR::PN, name),
        (tags::STUDY_INSTANCE_UID, VR::UI, ""),
    ];
    let find = FindRequest {
        message_id: 1,
        sop_class: Uid::parse(STUDY_FIND).unwrap(),
        priority: Priority::Medium,
    };
    let context = Peer::context_of(&asked, STUDY_FIND, EXPLICIT);
    peer.say(
        context,
        Message::FindRq(find),
        Some(identifier(&keys)),
        16_384,
    )
    .await;
    let mut dimse = 0;
    while let (_, Some(_)) = peer.message().await {
        dimse += 1;
    }
    peer.release().await;
    (web, dimse, warning)
}

fn three_studies() -> [Study; 3] {
    let study = |seed| dicom_fixtures::ct("chest").size(8).seed(seed).slices(1);
    [study(1), study(2), study(3)]
}

#[tokio::test]
async fn what_policy_says_about_stores_is_the_same_over_both_protocols() {
    let [first, second] = [&CHEST.instances()[0], &CHEST.instances()[1]];
    let (one, other) = dicom_fixtures::conflict();
    let pair = [&one.instances()[0], &other.instances()[0]];
    let small = [
        &CHEST.instances()[0],
        &CHEST.instances()[1],
        &CHEST.instances()[2],
    ];
    let bytes = small.map(|one| one.bytes.len() as u64);
    let two_fit = (bytes[0] + bytes[1] + 500).to_string();
    assert_eq!(told("duplicates", &["keep"], [first, first]).await, [0, 0]);
    assert_eq!(
        told("duplicates", &["replace"], [first, first]).await,
        [0, 0]
    );
    assert_eq!(
        told("duplicates", &["reject:0111"], [first, first, second]).await,
        [0, 0x0111, 0]
    );
    assert_eq!(told("patient-conflict", &["accept"], pair).await, [0, 0]);
    assert_eq!(told("patient-conflict", &["split"], pair).await, [0, 0]);
    assert_eq!(
        told("patient-conflict", &["coerce"], pair).await,
        [0, 0xB000]
    );
    for reason in [0xA777, 0xA778, 0xA779, 0xA77A, 0xA77B] {
        let words = format!("reject:{reason:04X}");
        assert_eq!(told("patient-conflict", &[&words], pair).await, [0, reason]);
    }
    assert_eq!(
        told("coerce", &["AccessionNumber=A-1"], [first]).await,
        [0xB000]
    );
    assert_eq!(
        told("max-instance-bytes", &["1000"], [first]).await,
        [0xA700]
    );
    assert_eq!(
        told("max-stored-bytes", &[&two_fit], small).await,
        [0, 0, 0xA700]
    );
}

#[tokio::test]
async fn classes_and_syntaxes_that_are_not_taken_are_refused_where_they_are_proposed_or_stored() {
    let instance = &CHEST.instances()[0];
    for (name, word, reason) in [
        ("sop-classes", "except:1.2.840.10008.5.1.4.1.1.2", 0x0122),
        ("transfer-syntaxes", "1.2.840.10008.1.2", 0xC122),
    ] {
        let archive = declaring(name, &[word]).await;
        let (status, account) = stow(&archive, [instance]).await;
        assert_eq!(
            (status, account.failed[0].reason),
            (409, Some(FailureReason(reason))),
            "{name}"
        );
        let (_, answer) = Peer::associate(&archive, for_storing(CHEST.instances(), &[])).await;
        let refused = &answer.presentation_contexts[1];
        let expected = if reason == 0x0122 { 3 } else { 4 };
        assert_eq!(refused.reason.clone() as u8, expected, "{name}");
    }
}

#[tokio::test]
async fn what_policy_says_about_searches_is_the_same_over_both_protocols() {
    for name in ["default-limit", "max-limit"] {
        let archive = declaring(name, &["2"]).await;
        three_studies()
            .iter()
            .for_each(|study| archive.load(study).unwrap());
        let (web, dimse, warning) = found(&archive, "", "").await;
        assert_eq!((web, dimse), (2, 2), "{name}");
        assert!(warning.unwrap().contains("There are 1 additional results"));
    }
    for (word, matches) in [("fuzzy", 1), ("none", 0)] {
        let archive = declaring("extensions", &[word]).await;
        archive.load(&three_studies()[0]).unwrap();
        let (web, _, warning) = found(&archive, "DOE%5EJOHM", "fuzzymatching=true").await;
        assert_eq!(web, matches, "{word}");
        assert_eq!(
            warning.is_some_and(|text| text.contains("fuzzymatching parameter is not supported")),
            matches == 0
        );
    }
}

#[tokio::test]
async fn what_is_stored_is_found_after_the_delay_and_not_before_over_both_protocols() {
    let archive = declaring("index-delay", &["200ms"]).await;
    let study = &three_studies()[0];
    let began = std::time::Instant::now();
    let (status, _) = stow(&archive, study.instances()).await;
    assert_eq!(status, 200);
    let early = found(&archive, "", "").await;
    if began.elapsed() < Duration::from_millis(200) {
        assert_eq!((early.0, early.1), (0, 0));
    }
    assert_eq!(archive.stored(), study.uids());
    // A duplicate is one although nobody finds the first.
    assert_eq!(stow(&archive, study.instances()).await.0, 200);
    while found(&archive, "", "").await.0 == 0 {}
    assert!(began.elapsed() >= Duration::from_millis(200));
    assert_eq!(found(&archive, "", "").await.1, 1);
}

#[tokio::test]
async fn access_is_as_policy_says() {
    let unauthorized = declaring("auth", &["bearer:T"]).await;
    let answer = stow_request(&unauthorized, &CHEST.instances()[..1])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    let answer = stow_request(&unauthorized, &CHEST.instances()[..1])
        .bearer_auth("T")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);

    for (name, word, reason) in [
        ("known-callers", "OTHER", 3),
        ("called", "own", 7),
        ("logins", "anna", 1),
    ] {
        let archive = declaring(name, &[word]).await;
        let asked = dicom_ul::pdu::AssociationRQ {
            called_ae_title: "NOBODY".to_owned(),
            ..request()
        };
        let (_, answer) = Peer::ask(&archive, asked).await;
        let Answer::Pdu(dicom_ul::pdu::Pdu::AssociationRJ(rejected)) = answer else {
            panic!("{name}: {answer:?}");
        };
        let text = format!("{rejected:?}");
        let expected = match reason {
            3 => "CallingAETitleNotRecognized",
            7 => "CalledAETitleNotRecognized",
            _ => "NoReasonGiven",
        };
        assert!(text.contains(expected), "{name}: {text}");
    }
    assert_eq!(
        c_store(
            &declaring("storers", &["OTHER"]).await,
            &CHEST.instances()[..1]
        )
        .await[0]
            .0,
        0x0124
    );
    assert_eq!(
        c_store(
            &declaring("storers", &["PEER"]).await,
            &CHEST.instances()[..1]
        )
        .await[0]
            .0,
        0
    );

    let one_at_a_time = declaring("max-associations", &["1"]).await;
    let (first, _) = Peer::associate(&one_at_a_time, request()).await;
    assert!(matches!(
        Peer::ask(&one_at_a_time, request()).await.1,
        Answer::Pdu(dicom_ul::pdu::Pdu::AssociationRJ(_))
    ));
    first.release().await;
}

#[tokio::test]
async fn a_request_that_is_too_large_is_413() {
    let archive = declaring("max-request-bytes", &["1000"]).await;
    let answer = stow_request(&archive, &CHEST.instances()[..1])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
    assert!(archive.stored().is_empty());
}

#[tokio::test]
async fn an_http_connection_that_says_nothing_is_closed_in_time() {
    use tokio::io::AsyncReadExt;

    let archive = declaring("web-timeout", &["50ms"]).await;
    let address = archive
        .web_url()
        .replace("http://", "")
        .replace("/dicomweb", "");
    let mut silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut answer));
    ended.await.unwrap().unwrap();
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
        "{:?}",
        Bytes::from(answer)
    );
}
