//! A cursor is what the server gave.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.bad-cursor",
    title: "a cursor that was never given is refused",
    clauses: &[Clause::mcp("server/utilities/pagination")],
    level: Level::Should,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.cursor-ignored",
    sends: "tools/list with a cursor of our own",
    accepts: "error -32602",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let answer = session
        .ask("tools/list", json!({"cursor": "never given"}))
        .await?;
    ensure!(answer.code() == Some(-32602), "{}", answer.summary());
    Ok(())
}
