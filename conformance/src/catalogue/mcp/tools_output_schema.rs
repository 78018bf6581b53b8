//! Structured content is as declared.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.output-schema",
    title: "structured content fits the tool's output schema, whatever the archive does",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::OutputSchema],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.structured-misses-field",
    sends: "each call that the server has a tool for, on an archive as it should be and on each that fails",
    accepts: "in each result that is no error structuredContent that fits outputSchema",
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

    bench.works(&mut session, &Role::ALL).await?;
    let faults = bench.failures().iter().map(|fault| Some(*fault));
    for fault in std::iter::once(None).chain(faults) {
        let rule = fault.map(|fault| bench.turn(fault)).transpose()?;
        for role in bench
            .roles()
            .into_iter()
            .filter(|&role| fault.is_none() || role != Role::Store)
        {
            let tool = tools.iter().find(|tool| tool["name"] == bench.tool(role));
            let Some(schema) = tool.and_then(|tool| tool.get("outputSchema")) else {
                continue;
            };
            let answer = bench.perform(&mut session, role).await?;
            if answer.is_error() {
                continue;
            }
            let content = &answer.result()?["structuredContent"];
            let validator = jsonschema::draft202012::new(schema).map_err(|error| {
                Finding::fail(format!("outputSchema of {}: {error}", bench.tool(role)))
            })?;
            if let Err(error) = validator.validate(content) {
                return Err(Finding::fail(format!("{}: {error}", bench.tool(role))));
            }
        }
        rule.into_iter().for_each(|rule| bench.mend(rule));
    }
    Ok(())
}
