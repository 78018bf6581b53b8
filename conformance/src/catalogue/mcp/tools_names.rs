//! Tools have names that clients can use.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.names",
    title: "tools have distinct names of the allowed characters",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Should,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.name-with-space",
    sends: "tools/list",
    accepts: "names of 1 to 128 letters, digits, _, -, . and no two the same",
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

    let mut seen = std::collections::BTreeSet::new();
    for tool in &tools {
        let name = tool["name"].as_str().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let right = (1..=128).contains(&name.len()) && name.chars().all(allowed);
        ensure!(right, "a tool is called {}", tool["name"]);
        ensure!(seen.insert(name.to_owned()), "two tools are called {name}");
    }
    Ok(())
}
