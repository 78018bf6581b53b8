//! Every tool says what it takes.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.schema-valid",
    title: "input schemas are JSON Schemas of objects",
    clauses: &[Clause::mcp("server/tools"), Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.schema-null",
    sends: "tools/list",
    accepts: "for each tool an inputSchema of type object that compiles as JSON Schema 2020-12",
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

    for tool in &tools {
        let schema = &tool["inputSchema"];
        ensure!(
            schema["type"] == "object",
            "inputSchema of {} is {schema}",
            tool["name"]
        );
        if let Err(error) = jsonschema::draft202012::new(schema) {
            return Err(Finding::fail(format!(
                "inputSchema of {}: {error}",
                tool["name"]
            )));
        }
    }
    Ok(())
}
