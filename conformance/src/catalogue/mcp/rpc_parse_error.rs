//! What is no JSON is an error, not the end.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.parse-error",
    title: "a line that is no JSON does not end the session",
    clauses: &[Clause::rfc("JSON-RPC 2.0", "5.1"), Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.dies-on-parse-error",
    sends: "{not json, then a ping",
    accepts: "nothing or error -32700 with id null, and then an empty result",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let said = session.said_before_ping(b"{not json\n").await?;
    // What is no answer, such as a log message, says nothing of the line.
    for line in said.iter().filter(|line| line.method().is_none()) {
        let message = line.message.clone().unwrap_or_default();
        let right = message["error"]["code"] == -32700 && message["id"].is_null();
        ensure!(right, "{}", line.excerpt());
    }
    Ok(())
}
