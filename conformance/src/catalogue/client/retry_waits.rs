//! Who is asked to wait waits.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.retry.waits",
    title: "Retry-After is waited for",
    clauses: &[Clause::rfc("RFC 9110", "10.2.3")],
    level: Level::Should,
    needs: &[Need::StowClient],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.retries-at-once",
    sends: "three files to an archive that answers 503 with Retry-After: 2 to every store",
    accepts: "no further store sooner than 2 s after the answer; a client that gives up is not observed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;
    const WAIT: Duration = Duration::from_secs(2);
    stage.turn(r#"{"when":{"service":"store","protocol":"web"},"then":{"http-status":{"status":503,"retry-after":"2"}}}"#)?;
    stage.run().await?;
    let attempts = stage.attempts();
    if attempts.len() < 2 {
        return Err(Finding::NotObserved("the client does not try again".into()));
    }
    for pair in attempts.windows(2) {
        let answered = pair[0].0 + pair[0].1.unwrap_or_default();
        let waited = pair[1].0.saturating_sub(answered);
        ensure!(
            waited + Duration::from_millis(50) >= WAIT,
            "again after {} ms",
            waited.as_millis()
        );
    }
    Ok(())
}
