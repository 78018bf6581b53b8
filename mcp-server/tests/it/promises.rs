//! Under any rules every tool answers in time and claims no more than the archive holds.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use dicom_fixtures::{Study, ct, pdf, report_measurements};
use dicom_mcp_server::config::{Config, Permissions, Store};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{AnyFault, CutBody, Delay, HttpStatus, Named};
use dicom_mock_archive::rule::{Rule, any};
use proptest::prelude::*;
use serde_json::json;

use crate::client::{Client, Reply};

/// What a request may take.
const TIMEOUT: Duration = Duration::from_millis(300);
/// What a call may take on a machine that has other things to do. Storing tries twice, with searches between.
const PATIENCE: Duration = Duration::from_secs(20);

static THERE: LazyLock<Study> = LazyLock::new(|| {
    ct("chest")
        .size(16)
        .slices(3)
        .and(report_measurements())
        .and(pdf())
});
static NEW: LazyLock<Study> = LazyLock::new(|| ct("chest").size(16).slices(3).seed(99));

/// Every rule that the archive's list of faults offers with the fields it has by default, and some with others.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let named = Named::all().map(|named| named.name);
    let mut rules: Vec<Rule> = AnyFault::NAMES
        .iter()
        .copied()
        .chain(named)
        .filter_map(|name| Rule::named(name).ok())
        .collect();
    for status in [200, 204, 302, 400, 401, 404, 406, 500, 503] {
        rules.push(Rule::when(any()).then(HttpStatus::new(status)));
    }
    for after in [1, 50, 400, 3000] {
        rules.push(Rule::when(any()).then(CutBody {
            after,
            ..CutBody::default()
        }));
    }
    rules.push(Rule::when(any()).then(Delay::by(Duration::from_secs(3600))));
    rules.push(Rule::when(any()).then(Delay::by(Duration::from_millis(20))));
    rules
});

/// A few each time; more where `PROPTEST_CASES` asks for them.
fn cases() -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|cases| cases.parse().ok()).unwrap_or(10)
}

/// One to three rules, each always, once, or every second time.
fn rule_sets() -> impl Strategy<Value = Vec<Rule>> {
    let rule = (0..RULES.len(), 0..3u8).prop_map(|(index, often)| {
        let rule = RULES[index].clone();
        match often {
            0 => rule,
            1 => rule.once(),
            _ => rule.every(2),
        }
    });
    proptest::collection::vec(rule, 1..=3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn every_tool_answers_in_time_and_claims_no_more_than_is_there(rules in rule_sets()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(hold(rules));
        runtime.shutdown_background();
    }
}

async fn hold(rules: Vec<Rule>) {
    let archive = MockArchive::start().await;
    archive.load(&THERE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (index, instance) in NEW.instances().iter().enumerate() {
        std::fs::write(folder.path().join(format!("{index}.dcm")), &instance.bytes).unwrap();
    }
    let mut config = Config::for_host(&archive.web_url()).unwrap();
    config.timeout = TIMEOUT;
    config.permissions = Permissions::new(Store::On, &[folder.path().to_owned()]).unwrap();
    config.limits.retry_after = Duration::from_millis(5);
    config.limits.longest_wait = Duration::from_millis(50);
    config.limits.tries = 2;
    let client = Client::of(config).await;
    let context = format!("{rules:?}");
    for rule in rules {
        archive.inject(rule);
    }

    let image = &THERE.instances()[0];
    let instance = |n: usize| {
        let instance = &THERE.instances()[n];
        json!({"studyInstanceUid": instance.study, "seriesInstanceUid": instance.series, "sopInstanceUid": instance.sop_instance})
    };
    let last = THERE.instances().len() - 1;
    for (tool, arguments) in [
        ("verify-connection", json!({})),
        ("store-instances", json!({"paths": ["."]})),
        ("find-studies", json!({})),
        (
            "find-studies",
            json!({"query": "PatientName=* StudyDate=20000101- limit=1"}),
        ),
        ("find-series", json!({"studyInstanceUid": image.study})),
        (
            "find-instances",
            json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series}),
        ),
        (
            "find-structured-reports",
            json!({"studyInstanceUid": image.study}),
        ),
        (
            "find-encapsulated-pdf-reports",
            json!({"studyInstanceUid": image.study}),
        ),
        ("get-instance-metadata", instance(0)),
        ("render-instance-frame", instance(0)),
        ("get-structured-report-text", instance(last - 1)),
        ("get-encapsulated-pdf-report-text", instance(last)),
    ] {
        let started = Instant::now();
        let reply = tokio::time::timeout(PATIENCE, client.call(tool, arguments)).await;
        let reply = reply.unwrap_or_else(|_| {
            panic!(
                "{tool} has not answered after {:?}: {context}",
                started.elapsed()
            )
        });
        believe(tool, &reply, &archive, &context);
    }
}

/// Everything that the answer says to be there is there.
fn believe(tool: &str, reply: &Reply, archive: &MockArchive, context: &str) {
    if let Some((mime, bytes)) = reply.picture() {
        let starts: &[u8] = if mime == "image/png" {
            b"\x89PNG"
        } else {
            &[0xFF, 0xD8, 0xFF]
        };
        assert!(bytes.starts_with(starts), "{tool}: {context}");
    }
    let Some(structured) = &reply.0.structured_content else {
        assert!(!reply.text().is_empty(), "{tool}: {context}");
        return;
    };
    let stored: BTreeSet<String> = archive.stored().iter().map(ToString::to_string).collect();
    let known = |study: &Study, uid: &str| {
        study.instances().iter().any(|instance| {
            [&instance.study, &instance.series, &instance.sop_instance]
                .iter()
                .any(|known| *known == uid)
        })
    };
    let rows = ["studies", "series", "instances", "reports"]
        .iter()
        .flat_map(|rows| structured[*rows].as_array())
        .flatten();
    for row in rows {
        for key in ["StudyInstanceUID", "SeriesInstanceUID"] {
            if let Some(uid) = row[key].as_str() {
                assert!(
                    known(&THERE, uid) || known(&NEW, uid),
                    "{tool} claims {key} {uid}: {context}\n{}",
                    reply.text()
                );
            }
        }
        let uid = match tool {
            "store-instances" if row["outcome"] == "stored" => row["sopInstanceUid"].as_str(),
            _ => row["SOPInstanceUID"].as_str(),
        };
        if let Some(uid) = uid {
            assert!(
                stored.contains(uid),
                "{tool} claims instance {uid}: {context}\n{}",
                reply.text()
            );
        }
    }
    if tool == "store-instances" {
        let number = |name: &str| structured[name].as_u64().unwrap();
        assert_eq!(
            number("sent"),
            number("stored") + number("refused") + number("unknown"),
            "{context}"
        );
        assert_eq!(
            reply.is_error(),
            number("stored") < 3,
            "{context}\n{}",
            reply.text()
        );
    }
    assert!(
        structured
            .get("total")
            .is_none_or(|total| total.as_u64() <= Some(stored.len() as u64)),
        "{tool}: {context}"
    );
}
