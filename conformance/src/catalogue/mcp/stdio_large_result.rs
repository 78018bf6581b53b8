//! A long answer is one line.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.large-result",
    title: "a result of more than 64 KiB comes whole",
    clauses: &[Clause::mcp("basic/transports")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.truncate-64k",
    sends: "50 requests for the tools at once, and a report of 100 KiB if there is a tool",
    accepts: "each answered by a whole message",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    const TIMES: usize = 50;
    let ids: Vec<_> = (0..TIMES)
        .map(|_| session.begin("tools/list", json!({})))
        .collect();
    for id in &ids {
        session.answer(id).await?.result()?;
    }
    if !context.offers(Need::ToolReport) {
        return Ok(());
    }
    let (tool, arguments) = bench.call(Role::Report, &bench.subjects.long_report.instances[0])?;
    let id = session.begin_call(&tool, &arguments);
    let line = session.next_answer().await?;
    ensure!(
        line.is_message(),
        "{} bytes that are no message",
        line.bytes.len()
    );
    ensure!(
        line.bytes.len() > 1 << 16,
        "{} bytes for a report of 100 KiB: {}",
        line.bytes.len(),
        line.excerpt()
    );
    ensure!(
        line.answers() == Some(&id),
        "another answer: {}",
        line.excerpt()
    );
    Ok(())
}
