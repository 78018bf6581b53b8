//! What is not there cannot be called.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::subject::mcp::{Bench, refused};

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.unknown-tool",
    title: "an unknown tool is a protocol error",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.unknown-tool-ok",
    sends: "a call of no-such-tool",
    accepts: "error -32602; a result with isError is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let answer = session
        .call("no-such-tool", &serde_json::Map::new())
        .await?;
    refused(&answer)
}
