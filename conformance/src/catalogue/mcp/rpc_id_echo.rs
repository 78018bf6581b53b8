//! An answer has the id of its request.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, LATEST, Session, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.id-echo",
    title: "ids come back as they were, in type and value",
    clauses: &[Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.stringifies-id",
    sends: "initialize with id 1, pings with ids 2, \"2\", \"\" and 2^53-1",
    accepts: "the same id in each answer",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let first = session.begin("initialize", hello(LATEST));
    same(&mut session, &first).await?;
    session.notify("notifications/initialized", json!({}));
    for id in [
        json!(2),
        json!("2"),
        json!(""),
        json!(9_007_199_254_740_991_u64),
    ] {
        session.send(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}));
        same(&mut session, &id).await?;
    }
    Ok(())
}

async fn same(session: &mut Session, id: &serde_json::Value) -> Verdict {
    let line = session.next_answer().await?;
    let got = line.answers().cloned().unwrap_or_default();
    ensure!(got == *id, "id {got} for id {id}");
    Ok(())
}
