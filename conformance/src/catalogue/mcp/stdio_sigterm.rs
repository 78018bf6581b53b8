//! A signal ends the server.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, SILENT, SOON};

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.sigterm",
    title: "the server ends on SIGTERM, a call or not",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Should,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.ignores-sigterm",
    sends: "SIGTERM while an archive does not answer a search",
    accepts: "the end within 5 s",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    bench.turn(SILENT)?;
    let mut session = bench.session().await?;
    let asked = bench.asked();
    let (tool, arguments) = bench.usual(Role::Studies)?;
    let call = session.begin_call(&tool, &arguments);
    bench.until_asked(asked + 1, &session, &call).await?;
    session.terminate().await?;
    let ended = session.ended(SOON).await?;
    ensure!(ended.is_some(), "still running 5 s after SIGTERM");
    Ok(())
}
