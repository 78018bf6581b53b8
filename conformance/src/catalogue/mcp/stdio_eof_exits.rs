//! The end of the input is the end of the session.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, SILENT, SOON};

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.eof-exits",
    title: "the server ends when its input is closed",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Should,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.ignores-eof",
    sends: "the input is closed, once idle and once while an archive does not answer a search",
    accepts: "exit code 0 within 5 s when idle, any end within 5 s during the call",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut idle = bench.session().await?;
    idle.close();
    let status = idle.ended(SOON).await?;
    let status =
        status.ok_or_else(|| Finding::fail("still running 5 s after its input was closed"))?;
    ensure!(status.success(), "{status} after its input was closed");

    bench.turn(SILENT)?;
    let mut busy = bench.session().await?;
    let asked = bench.asked();
    let (tool, arguments) = bench.usual(Role::Studies)?;
    let call = busy.begin_call(&tool, &arguments);
    bench.until_asked(asked + 1, &busy, &call).await?;
    busy.close();
    let ended = busy.ended(SOON).await?;
    ensure!(
        ended.is_some(),
        "still running 5 s after its input was closed during a call"
    );
    Ok(())
}
