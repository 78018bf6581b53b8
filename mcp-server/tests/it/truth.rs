//! Every fault of the archive's list under every tool: told, told in part, recovered; never silent. `TRUTH=all` for every fault,
//! `TRUTH_ONLY=name` for those whose names contain it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use dicom_fixtures::{Study, ct, pdf, report_measurements};
use dicom_mcp_server::config::{Config, Permissions, Store};
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::fault::{AnyFault, Named};
use dicom_mock_archive::rule::Rule;
use dicom_wire::ae::AeTitle;
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};

use crate::client::{Client, Reply};

/// What a call may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(15);
/// What a request may take.
const TIMEOUT: Duration = Duration::from_millis(700);

/// What an answer says where a request took longer.
const OUT_OF_TIME: &str = "no complete answer within";

pub(crate) static THERE: LazyLock<Study> = LazyLock::new(|| {
    ct("chest")
        .size(16)
        .slices(2)
        .and(report_measurements())
        .and(pdf())
});
static NEW: LazyLock<Study> = LazyLock::new(|| ct("chest").size(16).slices(2).seed(99));

/// How a fault came out, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// The fault did not act.
    Untouched,
    /// It acted, and the answer is the right one all the same.
    Recovered,
    /// The answer is another one, and says why.
    ToldPartial,
    /// The answer is an error that says what happened.
    Told,
    /// It goes on, as slowly as the archive does.
    Waiting,
    /// Nobody who speaks the protocol could see it: what came is a sound answer with other content.
    BeyondSight,
    /// The answer is another one and does not say so.
    Silent,
}

impl Outcome {
    fn letter(self) -> char {
        match self {
            Self::Untouched => '.',
            Self::Recovered => 'r',
            Self::ToldPartial => 'p',
            Self::Told => 't',
            Self::Waiting => 'w',
            Self::BeyondSight => 'b',
            Self::Silent => 'S',
        }
    }
}

pub(crate) fn calls() -> Vec<(&'static str, Json)> {
    let of = |n: usize| {
        let instance = &THERE.instances()[n];
        json!({"studyInstanceUid": instance.study, "seriesInstanceUid": instance.series, "sopInstanceUid": instance.sop_instance})
    };
    let study = json!({"studyInstanceUid": THERE.study_uid()});
    let image = &THERE.instances()[0];
    let series = json!({"studyInstanceUid": image.study, "seriesInstanceUid": image.series});
    let last = THERE.instances().len() - 1;
    vec![
        ("verify-connection", json!({})),
        ("find-patients", json!({"query": "PatientName=*"})),
        (
            "find-studies",
            json!({"query": "ModalitiesInStudy=CT StudyDate=19000101-"}),
        ),
        ("find-series", study.clone()),
        ("find-instances", series.clone()),
        ("find-structured-reports", study.clone()),
        ("find-encapsulated-pdf-reports", study.clone()),
        ("get-study-overview", study.clone()),
        ("get-instance-metadata", of(0)),
        ("get-structured-report-text", of(last - 1)),
        ("get-encapsulated-pdf-report-text", of(last)),
        ("render-instance-frame", of(0)),
        ("render-series-overview", series),
        (
            "retrieve-study",
            json!({"studyInstanceUid": THERE.study_uid(), "into": "there"}),
        ),
        (
            "move-study",
            json!({"studyInstanceUid": THERE.study_uid(), "destination": "ELSEWHERE"}),
        ),
        ("store-instances", json!({"paths": ["."]})),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    Web,
    Dimse,
}

/// An archive with a destination, and a client of it.
struct Stage {
    archive: MockArchive,
    destination: MockArchive,
    client: Client,
    _folders: [tempfile::TempDir; 2],
}

impl Stage {
    async fn set(over: Over) -> Self {
        let destination = MockArchive::start().await;
        let title = AeTitle::parse("ELSEWHERE").unwrap();
        let archive = MockArchive::builder()
            .destination(title.clone(), destination.dimse_addr())
            .start()
            .await
            .unwrap();
        archive.load(&THERE).unwrap();
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        for (index, instance) in NEW.instances().iter().enumerate() {
            std::fs::write(
                folders[0].path().join(format!("{index}.dcm")),
                &instance.bytes,
            )
            .unwrap();
        }
        let mut config = match over {
            Over::Web => Config::for_host(&archive.web_url()).unwrap(),
            Over::Dimse => Config::for_dimse(
                &archive.dimse_addr().to_string(),
                archive.ae_title().as_str(),
            )
            .unwrap(),
        };
        config.timeout = TIMEOUT;
        config.permissions = Permissions::new(Store::On, &[folders[0].path().to_owned()]).unwrap();
        config.permissions.retrieve_to = vec![folders[1].path().canonicalize().unwrap()];
        config.permissions.move_to = vec![title];
        config.limits.retry_after = Duration::from_millis(2);
        config.limits.longest_wait = Duration::from_millis(20);
        config.limits.tries = 2;
        let client = Client::of(config).await;
        Self {
            archive,
            destination,
            client,
            _folders: folders,
        }
    }

    fn fired(&self) -> u64 {
        self.archive.rules().iter().map(|rule| rule.fired).sum()
    }
}

/// What of an answer does not depend on ports, folders or who drew a picture.
pub(crate) fn essence(reply: &Reply) -> Json {
    let mut structured = reply.0.structured_content.clone().unwrap_or_default();
    if let Json::Object(object) = &mut structured {
        for key in [
            "archive",
            "folder",
            "renderedBy",
            "shown",
            "warnings",
            "notes",
            "echo",
            "bytes",
            "capabilities",
        ] {
            object.remove(key);
        }
    }
    structured
}

/// Whether an answer without an error says that something is not as it should be.
pub(crate) fn is_qualified(reply: &Reply, before: &Reply) -> bool {
    let words = |reply: &Reply| {
        let structured = reply.0.structured_content.clone().unwrap_or_default();
        ["warnings", "notes"]
            .iter()
            .flat_map(|key| structured[*key].as_array().cloned().unwrap_or_default())
            .count()
    };
    let structured = reply.0.structured_content.clone().unwrap_or_default();
    words(reply) > words(before)
        || structured.get("moreAvailable").is_some_and(Json::is_null)
        || structured["moreAvailable"] == json!(true)
        || structured["instances"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|instance| instance["reason"].is_string())
        || structured["search"]
            .as_str()
            .is_some_and(|told| told.contains("no study"))
}

async fn under(rule: Rule, over: Over, right: &BTreeMap<&'static str, Reply>) -> Vec<Outcome> {
    let stage = Stage::set(over).await;
    stage.archive.inject(rule);
    let mut outcomes = Vec::new();
    for (tool, arguments) in calls() {
        let before = stage.fired();
        let call = stage.client.call(tool, arguments);
        // What sends or writes goes on as long as the archive does, however slowly, and can be cancelled.
        let goes_on = matches!(tool, "retrieve-study" | "move-study" | "store-instances");
        let patience = if goes_on { PATIENCE } else { PATIENCE * 4 };
        let Ok(reply) = tokio::time::timeout(patience, call).await else {
            assert!(goes_on, "{tool} does not answer");
            outcomes.push(Outcome::Waiting);
            continue;
        };
        let acted = stage.fired() > before;
        let right = &right[tool];
        let is_right = essence(&reply) == essence(right) && reply.is_error() == right.is_error();
        let outcome = if is_right && claims_hold(&stage, tool, &reply) {
            if acted {
                Outcome::Recovered
            } else {
                Outcome::Untouched
            }
        } else if !acted && reply.is_error() && reply.text().contains(OUT_OF_TIME) {
            // Nothing acted: a machine that has other things to do was slow.
            Outcome::Untouched
        } else if reply.is_error() {
            Outcome::Told
        } else if is_qualified(&reply, right) {
            Outcome::ToldPartial
        } else {
            Outcome::Silent
        };
        outcomes.push(outcome);
    }
    outcomes
}

/// Whether a rule can act over this protocol: most say which one they are about.
fn concerns(rule: &Rule, over: Over) -> bool {
    let json = serde_json::to_value(rule).unwrap();
    match json["when"]["protocol"].as_str() {
        Some("web") => over == Over::Web,
        Some("dimse") => over == Over::Dimse,
        _ => true,
    }
}

/// Whether what is said to be stored or moved is where it is said to be.
fn claims_hold(stage: &Stage, tool: &str, reply: &Reply) -> bool {
    let holds = |archive: &MockArchive, study: &Study| {
        let stored = archive.stored();
        study.instances().iter().all(|instance| {
            stored
                .iter()
                .any(|uid| uid.as_str() == instance.sop_instance)
        })
    };
    match tool {
        _ if reply.is_error() => true,
        "store-instances" => holds(&stage.archive, &NEW),
        "move-study" => holds(&stage.destination, &THERE),
        _ => true,
    }
}

/// What lists rows that nothing else counts; get-study-overview compares rows with counts, and the others ask one by one.
const ROWS: &[&str] = &[
    "find-patients",
    "find-studies",
    "find-series",
    "find-instances",
    "find-structured-reports",
    "render-series-overview",
];

/// What no client can see, or need not, by fault, the tools that it concerns and why; each was looked at.
const BEYOND_SIGHT: &[(&str, &[&str], &str)] = &[
    // Values that are other than they were, and sound.
    (
        "data.undefined-length",
        &["get-instance-metadata"],
        "PS3.5 6.2.2 has a sequence under UN of undefined length, and it is shown as the sequence that it is",
    ),
    (
        "change-body",
        &["find-patients", "find-studies"],
        "the archive writes other letters into sound values",
    ),
    (
        "first-value-only",
        &["find-studies"],
        "one of several values is a sound value; get-study-overview compares it with the series",
    ),
    (
        "qido.first-modality-only",
        &["find-studies"],
        "one of several values is a sound value; get-study-overview compares it with the series",
    ),
    (
        "qido.replace-names",
        &["find-patients", "find-studies", "get-study-overview"],
        "another name is a sound name",
    ),
    (
        "replace-values",
        &["find-patients", "find-studies", "get-study-overview"],
        "another name is a sound name",
    ),
    (
        "rend.always-512",
        &["render-instance-frame"],
        "a picture of another size is a sound picture",
    ),
    (
        "wado.drops-element",
        &["get-structured-report-text"],
        "an element that is not there may never have been",
    ),
    (
        "stale-metadata",
        &["get-instance-metadata"],
        "metadata that were right before are sound; only the file tells otherwise",
    ),
    (
        "x.metadata-stale",
        &["get-instance-metadata"],
        "metadata that were right before are sound; only the file tells otherwise",
    ),
    (
        "qido.match-key-not-returned",
        &["find-studies", "get-study-overview"],
        "a study need not have a description",
    ),
    (
        "qido.include-first-only",
        &[
            "find-series",
            "find-instances",
            "find-structured-reports",
            "find-encapsulated-pdf-reports",
            "get-study-overview",
        ],
        "an attribute that no row has may be in no instance",
    ),
    // Rows that are not there.
    ("drop-row", ROWS, "nothing else counts the rows of a search"),
    (
        "qido.drop",
        ROWS,
        "nothing else counts the rows of a search",
    ),
    (
        "qido.drop-last",
        ROWS,
        "nothing else counts the rows of a search",
    ),
    (
        "x.dimse-not-in-web",
        ROWS,
        "nothing else counts the rows of a search",
    ),
    (
        "x.index-split",
        ROWS,
        "nothing else counts the rows of a search",
    ),
    // Counts in a row that nothing was listed for; get-study-overview compares them.
    (
        "find.wrong-count",
        &["find-studies"],
        "a count is believed until something is listed",
    ),
    (
        "stale-count",
        &["find-studies"],
        "a count is believed until something is listed",
    ),
    (
        "qido.count-ahead",
        &["find-studies"],
        "a count is believed until something is listed",
    ),
    (
        "qido.stale-instance-count",
        &["find-studies"],
        "a count is believed until something is listed",
    ),
    (
        "qido.wrong-series-count",
        &["find-studies"],
        "a count is believed until something is listed",
    ),
    (
        "qido.wrong-series-instances",
        &["find-series"],
        "a count is believed until something is listed",
    ),
    (
        "wado.lossy-derived",
        &["move-study"],
        "what goes to a third party under another UID is counted as sent",
    ),
    (
        "wado.lossy-same-uid",
        &["get-instance-metadata"],
        "an instance that says it lost something is sound",
    ),
];

fn is_beyond_sight(fault: &str, tool: &str) -> bool {
    BEYOND_SIGHT
        .iter()
        .any(|(name, tools, _)| *name == fault && tools.contains(&tool))
}

#[test]
fn every_fault_under_every_tool_is_told_or_recovered_and_never_silent() {
    let all = std::env::var("TRUTH").is_ok_and(|which| which == "all");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let table = runtime.block_on(async {
        let mut names: Vec<&'static str> = AnyFault::NAMES
            .iter()
            .copied()
            .chain(Named::all().map(|named| named.name))
            .collect();
        names.sort_unstable();
        names.dedup();
        if let Ok(only) = std::env::var("TRUTH_ONLY") {
            names.retain(|name| name.contains(&only));
        } else if !all {
            // All of them take minutes: the lane of CI does that, and here one of eight stands for the rest.
            let mut number = 0;
            names.retain(|_| {
                number += 1;
                number % 8 == 1
            });
        }
        let mut rows: Vec<(String, Vec<Outcome>)> = Vec::new();
        for over in [Over::Web, Over::Dimse] {
            let stage = Stage::set(over).await;
            let mut right = BTreeMap::new();
            for (tool, arguments) in calls() {
                right.insert(tool, stage.client.call(tool, arguments).await);
            }
            let right = &right;
            let work = names
                .iter()
                .filter_map(|name| Some((*name, Rule::named(name).ok()?)))
                .filter(|(_, rule)| concerns(rule, over))
                .map(|(name, rule)| async move {
                    let mut outcomes = under(rule, over, right).await;
                    for (outcome, (tool, _)) in outcomes.iter_mut().zip(calls()) {
                        if *outcome == Outcome::Silent && is_beyond_sight(name, tool) {
                            *outcome = Outcome::BeyondSight;
                        }
                    }
                    (
                        format!(
                            "{name} {}",
                            match over {
                                Over::Web => "web",
                                Over::Dimse => "dimse",
                            }
                        ),
                        outcomes,
                    )
                });
            rows.extend(
                futures_util::stream::iter(work)
                    .buffer_unordered(12)
                    .collect::<Vec<_>>()
                    .await,
            );
        }
        rows.sort();
        rows
    });
    runtime.shutdown_background();
    let silent: Vec<String> = table
        .iter()
        .flat_map(|(name, outcomes)| {
            outcomes
                .iter()
                .zip(calls())
                .filter(|(outcome, _)| **outcome == Outcome::Silent)
                .map(move |(_, (tool, _))| format!("{name}: {tool}"))
        })
        .collect();
    if let Ok(path) = std::env::var("TRUTH_TABLE") {
        let rows = table.iter().map(|(name, outcomes)| {
            format!(
                "{} {name}",
                outcomes
                    .iter()
                    .map(|outcome| outcome.letter())
                    .collect::<String>()
            )
        });
        std::fs::write(
            path,
            rows.collect::<Vec<_>>().join("\n") + "\n\nsilent:\n" + &silent.join("\n"),
        )
        .unwrap();
    }
    assert!(
        silent.is_empty(),
        "{} are silent:\n{}",
        silent.len(),
        silent.join("\n")
    );
    // The page says which tools each fault meets; one that was added since is not on it yet.
    let told = |outcome: &Outcome| match outcome {
        Outcome::Untouched => '.',
        other => other.letter(),
    };
    let mut page = String::from(
        "# What becomes of faults\n\nEvery fault of the mock archive under the tools of `dicom-mcp-server`, over each protocol, as \
         `TRUTH=all UPDATE_DOCS=1 cargo test -p dicom-mcp-server --test it truth` saw it. Nothing is silent: a test sees to that.\n\n\
         `r` recovered: the right answer all the same. `p` told in part: another answer, with what is wrong with it. `t` told: an error with \
         the reason. `w` it still works on it, as slowly as the archive answers. `b` beyond sight: sound in itself, so no client can see it, or need not; \
         the test says why. `.` not met.\n\nThe columns:\n\n",
    );
    for (tool, _) in calls() {
        page.push_str(&format!("1. {tool}\n"));
    }
    page.push_str("\n```\n");
    for (name, outcomes) in &table {
        page.push_str(&format!(
            "{} {name}\n",
            outcomes.iter().map(told).collect::<String>()
        ));
    }
    page.push_str("```\n");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/truth.md");
    if all && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    let mut rows = written
        .lines()
        .filter(|line| line.starts_with(|c: char| ".rptwb".contains(c)) && line.contains(' '));
    assert!(rows.clone().count() > 100, "the page has no table");
    assert!(rows.all(|row| !row.split(' ').next().unwrap().contains('S')));
}

#[test]
fn what_is_beyond_sight_names_faults_and_tools_that_there_are() {
    for (fault, tools, _) in BEYOND_SIGHT {
        assert!(Rule::named(fault).is_ok(), "{fault}");
        for tool in *tools {
            assert!(calls().iter().any(|(name, _)| name == tool), "{tool}");
        }
    }
}
