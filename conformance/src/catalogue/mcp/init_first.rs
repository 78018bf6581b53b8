//! Nothing is served before the greeting.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.first",
    title: "tools are not listed before initialize",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.serves-before-init",
    sends: "tools/list to a server that was not greeted, then initialize",
    accepts: "an error without tools, and then a session as usual",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let early = session.ask("tools/list", json!({})).await?;
    ensure!(early.is_protocol_error(), "{}", early.summary());
    session.greet().await?;
    Ok(())
}
