//! The report as JSON, schema `conformance-report/1` (`schema/conformance-report-1.json` of this crate).

use serde_json::{Value, json};

use crate::check::Need;
use crate::outcome::Outcome;

use super::{Judged, Report};

/// The schema's text.
pub const SCHEMA: &str = include_str!("../../schema/conformance-report-1.json");

/// Name and version of the schema.
pub const SCHEMA_ID: &str = "conformance-report/1";

/// Exchanges that are shown of a check; the whole is in the transcript.
const EVIDENCE: usize = 20;

/// The report; `started` in seconds since 1970.
pub fn report(report: &Report, started: u64) -> Value {
    let mut checks: Vec<_> = report.checks.iter().collect();
    checks.sort_by_key(|judged| judged.check.id);
    let capabilities: Vec<_> = (report.observed.all().iter())
        .map(|(need, seen)| {
            json!({"name": need.word(), "declared": seen.declared, "observed": seen.offered, "source": seen.source})
        })
        .collect();
    let profiles: Vec<_> = (report.profiles().into_iter())
        .map(|it| {
            json!({
                "name": it.profile.word(),
                "passed": it.passed,
                "checks": it.checks,
                "verdict": it.verdict.word(),
            })
        })
        .collect();
    let undeclared: Vec<_> = report.undeclared().into_iter().map(Need::word).collect();
    let objections: Vec<_> = (report.objections.iter())
        .map(|it| json!({"id": it.id, "what": it.what}))
        .collect();
    let rates: Vec<_> = (report.rates.iter())
        .map(|(id, (failed, times))| json!({"id": id, "failed": failed, "times": times}))
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
        "schema": SCHEMA_ID,
        "run": {
            "id": report.identity.patient_prefix(),
            "seed": report.identity.seed(),
            "edition": report.edition.to_string(),
            "harness": env!("CARGO_PKG_VERSION"),
            "started": rfc3339(started),
            "ms": millis(report.took),
            "target": report.target.line(),
            "exit": report.exit() as u8,
        },
        "statement": report.target.statement.as_ref().map(|statement| statement.digest()),
        "product": report.product().map(|it| json!({"name": it.name, "version": it.version})),
        "counts": counts,
        "unreachable": unreachable,
        "capabilities": capabilities,
        "undeclared": undeclared,
        "waivers": objections,
        "flaky": rates,
        "checks": checks.into_iter().map(|judged| check(&report.target.repeat(judged.check, &report.identity), judged)).collect::<Vec<_>>(),
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
        without(check, &["ms", "repeat"]);
    }
    report
}

/// One check of it, and the command that repeats it.
pub(super) fn check(repeat: &str, judged: &Judged) -> Value {
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
        "repeat": if passed { "" } else { repeat },
        "ms": millis(judged.took),
        "waiver": judged.waiver,
    })
}

fn millis(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

/// A time as in RFC 3339, UTC (days to date after Howard Hinnant's civil calendar).
pub fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_709_210_096), "2024-02-29T12:34:56Z");
    }
}
