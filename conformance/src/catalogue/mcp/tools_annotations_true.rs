//! What is said to read does not write.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::mcp::{Bench, SOON};

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.annotations-true",
    title: "tools that are said to read only change nothing",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.readonly-lies",
    sends: "each call that the server has a tool with readOnlyHint for, then the end of the input",
    accepts: "the archive holds what it held",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;
    let listed = session.ask("tools/list", json!({})).await?;
    let tools = listed.result()?["tools"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    ensure!(!tools.is_empty(), "{}", listed.summary());

    let before = bench.archive().stored();
    let mut called = 0;
    for role in bench.roles() {
        let tool = tools.iter().find(|tool| tool["name"] == bench.tool(role));
        if tool.is_none_or(|tool| tool["annotations"]["readOnlyHint"] != true) {
            continue;
        }
        let answer = bench.perform(&mut session, role).await?;
        called += usize::from(bench.right(role, &answer));
    }
    if called == 0 {
        return Err(Finding::NotApplicable(
            "no tool that is said to be read only does what it says".into(),
        ));
    }
    session.close();
    session.ended(2 * SOON).await?;
    let after = bench.archive().stored();
    ensure!(
        after == before,
        "{} instances, and before {}",
        after.len(),
        before.len()
    );
    Ok(())
}
