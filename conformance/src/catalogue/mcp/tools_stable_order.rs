//! The list is the same every time.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, Session};

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.stable-order",
    title: "tools come in the same order every time",
    clauses: &[Clause::mcp("2026-07-28/changelog")],
    level: Level::Should,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.hash-order",
    sends: "tools/list five times, and once to another process",
    accepts: "the same names in the same order",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let mut other = bench.session().await?;
    let first = names(&mut session).await?;
    for _ in 0..4 {
        let again = names(&mut session).await?;
        ensure!(again == first, "{again}, and before {first}");
    }
    let elsewhere = names(&mut other).await?;
    ensure!(
        elsewhere == first,
        "{elsewhere} of another process, and {first}"
    );
    Ok(())
}

async fn names(session: &mut Session) -> Verdict<String> {
    let listed = session.ask("tools/list", json!({})).await?;
    let tools = listed.result()?["tools"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap_or("?"))
        .collect();
    Ok(names.join(" "))
}
