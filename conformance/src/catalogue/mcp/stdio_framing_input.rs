//! A line is a message, however it arrives.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.framing-input",
    title: "requests are read whatever pieces they come in",
    clauses: &[Clause::mcp("basic/transports")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.chunk-is-message",
    sends: "a ping byte by byte; one that ends in CRLF; two in one write; one of 8 MiB",
    accepts: "an empty result to each",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let ping = |id: &str| json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string();
    for byte in format!("{}\n", ping("bytes")).bytes() {
        session.write(&[byte]);
    }
    session.answer(&json!("bytes")).await?.result()?;
    session.write(format!("{}\r\n", ping("crlf")).as_bytes());
    session.answer(&json!("crlf")).await?.result()?;
    session.write(format!("{}\n{}\n", ping("first"), ping("second")).as_bytes());
    for id in ["first", "second"] {
        session.answer(&json!(id)).await?.result()?;
    }
    let padding = "x".repeat(8 << 20);
    let large = json!({"jsonrpc": "2.0", "id": "large", "method": "ping", "params": {"_meta": {"padding": padding}}});
    session.write(format!("{large}\n").as_bytes());
    session.answer(&json!("large")).await?.result()?;
    Ok(())
}
