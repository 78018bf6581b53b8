//! Nobody reads any more.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::subject::mcp::{Bench, SOON};

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.client-gone",
    title: "the server ends when nobody reads its output",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.epipe-loop",
    sends: "our end of its output is closed, then pings",
    accepts: "the end within 5 s",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    session.stop_listening();
    for _ in 0..3 {
        session.begin("ping", json!({}));
        if session.ended(SOON / 3).await?.is_some() {
            return Ok(());
        }
    }
    Err(Finding::fail(
        "still running 5 s after its output was closed",
    ))
}
