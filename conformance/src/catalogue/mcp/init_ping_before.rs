//! A ping is answered at any time.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.ping-before",
    title: "a ping before initialize is answered",
    clauses: &[
        Clause::mcp("basic/lifecycle"),
        Clause::mcp("basic/utilities/ping"),
    ],
    level: Level::Should,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.ping-before-init-error",
    sends: "ping to a server that was not greeted",
    accepts: "an empty result",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    session.ask("ping", json!({})).await?.result()?;
    Ok(())
}
