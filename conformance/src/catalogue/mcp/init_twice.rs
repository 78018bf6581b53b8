//! A second greeting does no harm.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, LATEST, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.twice",
    title: "a second initialize leaves the session as it was",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.reinit-resets",
    sends: "initialize in a session that was greeted, then tools/list",
    accepts: "an answer of either kind, and then the tools",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    session.ask("initialize", hello(LATEST)).await?;
    let listed = session.ask("tools/list", json!({})).await?;
    ensure!(listed.result()?["tools"].is_array(), "{}", listed.summary());
    Ok(())
}
