//! Broken archives that the mock's own faults know nothing of: the harness notices each.

use std::sync::Arc;

use dicom_conformance::check::{Edition, Level};
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Outcome;
use dicom_conformance::run::{Options, run};
use dicom_conformance::selection::Selection;
use dicom_conformance::target::Target;
use dicom_conformance::target::embedded::Embedded;
use serde_json::Value;

use crate::mutant::{Answer, Lie, Proxy, Request, find};

const STORES: &[&str] = &["stow.all", "stow.partial"];
const SEARCHES: &[&str] = &[
    "qido.set",
    "qido.value",
    "qido.page",
    "qido.match",
    "qido.count",
    "qido.return",
];
const RETRIEVALS: &[&str] = &[
    "wado.study",
    "wado.frames",
    "wado.meta",
    "wado.single",
    "wado.404",
    "wado.fidelity",
    "wado.ts",
];

/// The MUSTs among these that fail behind the proxy.
async fn failing(only: &[&str], lie: Lie) -> Vec<&'static str> {
    let (_archive, target) = Embedded::start(&[]).await.unwrap();
    let (_elsewhere, other) = Embedded::start(&[]).await.unwrap();
    let web = target.web.clone().unwrap();
    let proxy = Proxy::start(&web, &other.web.unwrap(), lie).await;
    let target = Target {
        web: Some(proxy.url.clone()),
        ..Target::default()
    };
    let selection = Selection {
        only: only.iter().map(|&selector| selector.to_owned()).collect(),
        ..Selection::default()
    };
    let checks = selection.checks(Edition::E2026a).unwrap();
    let mut options = Options::new(Identity::new(41));
    options.jobs = 4;
    let report = run(&Arc::new(target), &checks, &options).await;
    let failed = report.checks.iter().filter(|judged| {
        judged.check.level == Level::Must
            && matches!(judged.outcome, Outcome::Fail | Outcome::Untestable)
    });
    failed.map(|judged| judged.check.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_alone_does_no_harm() {
    let all: Vec<_> = [STORES, SEARCHES, RETRIEVALS].concat();
    assert_eq!(failing(&all, Lie::None).await, Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mutant_is_noticed() {
    let mutants: [(&str, &[&str], Lie); 16] = [
        (
            "uploads are acknowledged and go elsewhere",
            STORES,
            Lie::StoresElsewhere,
        ),
        (
            "offset is ignored",
            SEARCHES,
            Lie::Asks(|target| without(target, "offset")),
        ),
        (
            "limit is ignored",
            SEARCHES,
            Lie::Asks(|target| without(target, "limit")),
        ),
        (
            "a filter is ignored",
            SEARCHES,
            Lie::Asks(|target| without(target, "PatientName")),
        ),
        (
            "the last row is lost",
            SEARCHES,
            Lie::Answers(|request, answer| {
                searched(request, answer, |rows| drop(rows.pop()));
            }),
        ),
        (
            "every row comes twice",
            SEARCHES,
            Lie::Answers(|request, answer| {
                searched(request, answer, |rows| {
                    *rows = [&rows[..], &rows[..]].concat()
                });
            }),
        ),
        (
            "rows have no Study Instance UID",
            SEARCHES,
            Lie::Answers(|request, answer| {
                searched(request, answer, |rows| {
                    each(rows, |row| drop(row.remove("0020000D")))
                });
            }),
        ),
        (
            "names are other people's",
            SEARCHES,
            Lie::Answers(|request, answer| {
                searched(request, answer, |rows| {
                    each(rows, |row| {
                        row.insert(
                            "00100010".into(),
                            serde_json::json!({"vr": "PN", "Value": [{"Alphabetic": "DOE^JANE"}]}),
                        );
                    })
                });
            }),
        ),
        (
            "there is one instance more than there is",
            SEARCHES,
            Lie::Answers(|request, answer| {
                searched(request, answer, |rows| {
                    each(rows, |row| {
                        if let Some(count) = row
                            .get_mut("00201208")
                            .and_then(|it| it.pointer_mut("/Value/0"))
                        {
                            *count = Value::from(count.as_u64().unwrap_or(0) + 1);
                        }
                    })
                });
            }),
        ),
        (
            "metadata is without the modality",
            RETRIEVALS,
            Lie::Answers(|request, answer| {
                if request.target.ends_with("/metadata") {
                    answer.rows(|rows| each(rows, |row| drop(row.remove("00080060"))));
                }
            }),
        ),
        (
            "an instance is missing from a study",
            RETRIEVALS,
            Lie::Answers(|_, answer| shortened(answer)),
        ),
        (
            "a byte of a retrieved instance is another one",
            RETRIEVALS,
            Lie::Answers(|request, answer| {
                if !request.target.contains("/frames/") {
                    flipped(answer);
                }
            }),
        ),
        (
            "a byte of a frame is another one",
            RETRIEVALS,
            Lie::Answers(|request, answer| {
                if request.target.contains("/frames/") {
                    flipped(answer);
                }
            }),
        ),
        (
            "what is not there is answered 200",
            RETRIEVALS,
            Lie::Answers(|_, answer| {
                if answer.status == 404 {
                    answer.status = 200;
                }
            }),
        ),
        (
            "everything is text",
            SEARCHES,
            Lie::Answers(|_, answer| {
                answer
                    .fields
                    .retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                answer
                    .fields
                    .push(("Content-Type".into(), "text/plain".into()));
            }),
        ),
        (
            "stores are answered before anything is looked at",
            STORES,
            Lie::Answers(|request, answer| {
                if request.method == "POST" {
                    answer.status = 200;
                    answer.body = b"{}".to_vec();
                }
            }),
        ),
    ];
    for (name, only, lie) in mutants {
        let failing = failing(only, lie).await;
        assert!(!failing.is_empty(), "nobody noticed that {name}");
    }
}

/// Rows of a search, not of metadata.
fn searched(request: &Request, answer: &mut Answer, change: fn(&mut Vec<Value>)) {
    if request.method == "GET" && !request.target.contains("/metadata") && answer.is("json") {
        answer.rows(change);
    }
}

fn each(rows: &mut [Value], change: fn(&mut serde_json::Map<String, Value>)) {
    rows.iter_mut()
        .filter_map(Value::as_object_mut)
        .for_each(change);
}

/// A target without one of its parameters.
fn without(target: &str, name: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let kept: Vec<_> = (query.split('&'))
        .filter(|part| part.split('=').next() != Some(name))
        .collect();
    format!("{path}?{}", kept.join("&"))
}

/// Loses the first part of a multipart body that has more than one.
fn shortened(answer: &mut Answer) {
    if !answer.is("application/dicom\"") && !answer.is("type=application/dicom") {
        return;
    }
    let Some(line) = find(&answer.body, b"\r\n").filter(|&end| end > 2) else {
        return;
    };
    let mut delimiter = b"\r\n".to_vec();
    delimiter.extend_from_slice(&answer.body[..line]);
    let rest = &answer.body[line..];
    if let Some(second) = find(rest, &delimiter)
        && !rest[second + delimiter.len()..].starts_with(b"--")
    {
        answer.body = rest[second + 2..].to_vec();
    }
}

/// Changes one byte of pixels: the one 40 bytes before the end of a body of parts.
fn flipped(answer: &mut Answer) {
    if answer.is("multipart/related") && answer.body.len() > 400 && !answer.is("xml") {
        let place = answer.body.len() - 150;
        answer.body[place] ^= 0x01;
    }
}
