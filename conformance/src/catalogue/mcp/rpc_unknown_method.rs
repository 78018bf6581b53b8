//! What is unknown is said to be.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.unknown-method",
    title: "an unknown method is error -32601",
    clauses: &[Clause::rfc("JSON-RPC 2.0", "5.1"), Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.unknown-method-result",
    sends: "no/such",
    accepts: "error -32601 with the request's id",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let answer = session.ask("no/such", json!({})).await?;
    ensure!(answer.code() == Some(-32601), "{}", answer.summary());
    Ok(())
}
