//! The report as JSON, schema `conformance-report/1` (`schema/conformance-report-1.json` of this crate).

use serde_json::{Value, json};

use crate::outcome::Outcome;

use super::{Judged, Report};

/// The schema's text.
pub const SCHEMA: &str = include_str!("../../schema/conformance-report-1.json");

/// Exchanges that are shown of a check; the whole is in the transcript.
const EVIDENCE: usize = 20;

/// The report; `started` is a time as in RFC 3339.
pub fn report(report: &Report, started: &str) -> Value {
    let mut checks: Vec<_> = report.checks.iter().collect();
    checks.sort_by_key(|judged| judged.check.id);
    let capabilities: Vec<_> = (report.observed.all().iter())
        .map(|(need, seen)| {
            json!({"name": need.word(), "declared": null, "observed": seen.offered, "source": seen.source})
        })
        .collect();
    let profiles: Vec<_> = (report.profiles().into_iter())
        .map(|(profile, passed, checks)| {
            let verdict = if passed == checks { "pass" } else { "fail" };
            json!({"name": profile.word(), "passed": passed, "checks": checks, "verdict": verdict})
        })
        .collect();
    let counts: serde_json::Map<_, _> = report
        .counts()
        .into_iter()
        .map(|(outcome, count)| (outcome.word().to_owned(), json!(count)))
        .collect();
    let unreachable: Vec<_> = (report.observed.unreachable().iter())
        .map(|(door, reason)| json!({"door": format!("{door:?}").to_lowercase(), "reason": reason}))
        .collect();
    json!({
        "schema": "conformance-report/1",
        "run": {
            "id": report.identity.patient_prefix(),
            "seed": report.identity.seed(),
            "edition": report.edition.to_string(),
            "harness": env!("CARGO_PKG_VERSION"),
            "started": started,
            "ms": millis(report.took),
            "target": report.target.line(),
            "exit": report.exit() as u8,
        },
        "statement": null,
        "counts": counts,
        "unreachable": unreachable,
        "capabilities": capabilities,
        "checks": checks.into_iter().map(check).collect::<Vec<_>>(),
        "profiles": profiles,
        "leftovers": report.leftovers(),
    })
}

/// The same without what differs between two equal runs: times, versions, addresses.
pub fn normal(mut report: Value) -> Value {
    let without = |object: &mut Value, keys: &[&str]| {
        if let Some(object) = object.as_object_mut() {
            object.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    without(&mut report["run"], &["started", "ms", "target", "harness"]);
    for check in report["checks"].as_array_mut().into_iter().flatten() {
        without(check, &["ms"]);
    }
    report
}

fn check(judged: &Judged) -> Value {
    let check = judged.check;
    let passed = judged.outcome == Outcome::Pass;
    let exchanges = if passed {
        Vec::new()
    } else {
        judged.transcript.exchanges()
    };
    let evidence: Vec<_> = (exchanges.into_iter().rev().take(EVIDENCE).rev())
        .map(|exchange| json!({"sent": exchange.sent, "got": exchange.got}))
        .collect();
    json!({
        "id": check.id,
        "group": check.group(),
        "title": check.title,
        "clauses": check.clauses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "level": check.level.word(),
        "outcome": judged.outcome,
        "reason": judged.because,
        "sent": check.sends,
        "expected": [judged.expected()],
        "actual": if passed { Value::Null } else { json!(judged.got()) },
        "evidence": evidence,
        "ms": millis(judged.took),
        "waiver": null,
    })
}

fn millis(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}
