//! What is no request is not carried out.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.invalid-request",
    title: "messages that are no requests are refused or ignored",
    clauses: &[Clause::mcp("basic")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.accepts-null-id",
    sends: "a search that finds its study; a ping of JSON-RPC 1.0, a message without a method, a call whose id is null, and an array of pings, each followed by a ping",
    accepts: "errors or nothing, no request to the archive, and the session goes on",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let (tool, arguments) = match bench.roles().contains(&Role::Studies) {
        true => bench.usual(Role::Studies)?,
        false => ("none".to_owned(), serde_json::Map::new()),
    };
    if bench.roles().contains(&Role::Studies) {
        let before = bench.asked();
        bench.finds(&mut session).await?;
        ensure!(
            bench.asked() > before,
            "{tool} finds a study without asking the archive"
        );
    }
    let asked = bench.asked();
    let wrong = [
        json!({"jsonrpc": "1.0", "id": "old", "method": "ping"}),
        json!({"jsonrpc": "2.0", "id": "nothing"}),
        json!({"jsonrpc": "2.0", "id": null, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        json!([{"jsonrpc": "2.0", "id": "batch", "method": "ping"}]),
    ];
    for message in wrong {
        for line in session
            .said_before_ping(format!("{message}\n").as_bytes())
            .await?
        {
            let answer = line.message.clone().unwrap_or_default();
            ensure!(
                answer.get("result").is_none(),
                "{} to {message}",
                line.excerpt()
            );
        }
    }
    ensure!(
        bench.asked() == asked,
        "the archive was asked for a call whose id is null"
    );
    Ok(())
}
