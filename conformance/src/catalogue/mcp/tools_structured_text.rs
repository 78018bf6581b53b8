//! Who reads only text reads the same.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.structured-text",
    title: "the text holds what the structured content holds",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Should,
    needs: &[Need::Mcp, Need::OutputSchema],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.text-differs",
    sends: "a search and a request for attributes",
    accepts: "every UID of the structured content in a text block; the JSON itself is not asked for",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let mut compared = 0;
    for role in [Role::Studies, Role::Metadata] {
        if !bench.roles().contains(&role) {
            continue;
        }
        let answer = bench.perform(&mut session, role).await?;
        let result = answer.result()?;
        let Some(structured) = result.get("structuredContent") else {
            continue;
        };
        let blocks = result["content"].as_array().into_iter().flatten();
        let text: String = blocks.filter_map(|block| block["text"].as_str()).collect();
        let structured = structured.to_string();
        for uid in [&bench.first().study, &bench.first().uid] {
            let held = !structured.contains(uid.as_str()) || text.contains(uid.as_str());
            compared += usize::from(structured.contains(uid.as_str()));
            ensure!(held, "{}: no {uid} in the text {text:?}", bench.tool(role));
        }
    }
    ensure!(compared > 0, "no structured content that names the study");
    Ok(())
}
