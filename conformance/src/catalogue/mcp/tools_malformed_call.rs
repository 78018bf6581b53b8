//! A call without a name is none.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, refused};

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.malformed-call",
    title: "a call without a name, or with a list of arguments, is a protocol error",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.malformed-ok",
    sends: "tools/call without a name, then with arguments that are an array",
    accepts: "error -32602; a result with isError is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let name = bench.tool(Role::Studies);
    for parameters in [
        json!({"arguments": {}}),
        json!({"name": name, "arguments": ["x"]}),
    ] {
        let answer = session.ask("tools/call", parameters).await?;
        refused(&answer)?;
    }
    Ok(())
}
