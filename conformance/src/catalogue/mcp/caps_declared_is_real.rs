//! What is declared is there, and nothing else.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.caps.declared-is-real",
    title: "declared capabilities work, others are unknown methods",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.declares-resources",
    sends: "each call that the server has a tool for; tools/list, resources/list, prompts/list, logging/setLevel, completion/complete",
    accepts: "a tool that does what it says, and -32601 exactly where the capability was not declared",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let hello = session.greet().await?;
    if !bench.roles().is_empty() {
        bench.works(&mut session, &Role::ALL).await?;
    }
    let methods = [
        ("tools", "tools/list", json!({})),
        ("resources", "resources/list", json!({})),
        ("prompts", "prompts/list", json!({})),
        ("logging", "logging/setLevel", json!({"level": "warning"})),
        (
            "completions",
            "completion/complete",
            json!({
                "ref": {"type": "ref/prompt", "name": "none"}, "argument": {"name": "none", "value": ""},
            }),
        ),
    ];
    for (capability, method, parameters) in methods {
        let declared = hello["capabilities"].get(capability).is_some();
        let answer = session.ask(method, parameters).await?;
        let there = answer.code() != Some(-32601);
        let said = if declared { "declared" } else { "not declared" };
        ensure!(
            there == declared,
            "{capability} is {said}, and {method} gives {}",
            answer.summary()
        );
    }
    Ok(())
}
