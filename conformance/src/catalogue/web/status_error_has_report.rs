//! Errors say what was wrong.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::sample::answers;

pub(crate) static CHECK: Check = Check {
    id: "web.status.error-has-report",
    title: "an error has a report in its body, and no stack trace",
    clauses: &[Clause::ps3_18("8.1.2.3"), Clause::ps3_18("8.6.3")],
    level: Level::Should,
    needs: &[Need::Store, Need::Search, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "http.error-empty-body",
    sends: "14 requests around a stored study, of which at least 5 have to be refused",
    accepts: "a body with a Content-Type with every 4xx and 5xx but that to HEAD, and nothing in it that looks like a stack trace",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let mut errors = 0;
    for (request, whole) in answers(context, &study).await? {
        if whole.head.status < 400 || request.starts_with("HEAD") {
            continue;
        }
        errors += 1;
        ensure!(
            !whole.body.is_empty(),
            "{} without a body to {request}",
            whole.head.status
        );
        ensure!(
            whole.head.field("content-type").is_some(),
            "{} with a body without Content-Type to {request}",
            whole.head.status
        );
        let text = String::from_utf8_lossy(&whole.body);
        let trace = TRACES.iter().find(|trace| text.contains(**trace));
        ensure!(
            trace.is_none(),
            "{} with {:?} in its body to {request}",
            whole.head.status,
            trace.unwrap_or(&"")
        );
    }
    if errors < 5 {
        return Err(Finding::NotObserved(format!(
            "only {errors} of the requests were refused"
        )));
    }
    Ok(())
}

/// What stack traces of common languages hold.
const TRACES: [&str; 6] = [
    "Traceback (most recent call last)",
    "\tat ",
    "Exception in thread",
    "stack backtrace:",
    "panicked at",
    "   at System.",
];
