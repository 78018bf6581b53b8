//! An error has a number and words.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.error-shape",
    title: "errors have an integer code and a message",
    clauses: &[Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.string-code",
    sends: "an unknown method, an unknown tool, a call without a name, and a cursor that was never given",
    accepts: "in each error a code that is an integer and a message that is text",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let wrong = [
        ("no/such", json!({})),
        (
            "tools/call",
            json!({"name": "no-such-tool", "arguments": {}}),
        ),
        ("tools/call", json!({"arguments": {}})),
        ("tools/list", json!({"cursor": "never given"})),
    ];
    for (method, parameters) in wrong {
        let answer = session.ask(method, parameters).await?;
        let error = &answer.0["error"];
        let right = error.is_null() || error["code"].is_i64() && error["message"].is_string();
        ensure!(right, "{}", answer.summary());
    }
    Ok(())
}
