//! Notifications have no answer.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.unknown-notification",
    title: "an unknown notification is not answered",
    clauses: &[Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.answers-notification",
    sends: "notifications/xyz, then a ping",
    accepts: "no answer but that to the ping",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let note = json!({"jsonrpc": "2.0", "method": "notifications/xyz"});
    let said = session
        .said_before_ping(format!("{note}\n").as_bytes())
        .await?;
    let answers: Vec<_> = said
        .iter()
        .filter(|line| line.answers().is_some())
        .collect();
    ensure!(answers.is_empty(), "{}", answers[0].excerpt());
    Ok(())
}
