//! One JSON object a line, as things happen: `start`, a `check` for each that ends, `end`.

use serde_json::{Value, json};

use super::json::{self, SCHEMA_ID};
use super::{Judged, Report};
use crate::identity::Identity;
use crate::target::Target;

/// The first line: what the run is.
pub fn start(target: &Target, identity: &Identity, checks: usize, started: u64) -> String {
    line(json!({
        "event": "start",
        "schema": SCHEMA_ID,
        "id": identity.patient_prefix(),
        "seed": identity.seed(),
        "target": target.line(),
        "started": json::rfc3339(started),
        "checks": checks,
    }))
}

/// The line of a check that has ended; its fields are those of the report's `checks`, before waivers.
pub fn check(target: &Target, identity: &Identity, judged: &Judged) -> String {
    let mut event = json!({"event": "check"});
    let check = json::check(&target.repeat(judged.check, identity), judged);
    if let (Some(event), Value::Object(check)) = (event.as_object_mut(), check) {
        event.extend(check);
    }
    line(event)
}

/// The last line: counts, after waivers, and how the process ends.
pub fn end(report: &Report) -> String {
    let counts: serde_json::Map<_, _> = (report.counts().into_iter())
        .map(|(outcome, count)| (outcome.word().to_owned(), json!(count)))
        .collect();
    line(json!({"event": "end", "counts": counts, "exit": report.exit() as u8}))
}

fn line(event: Value) -> String {
    format!("{event}\n")
}
