//! A call without a greeting is answered.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, later};

pub(crate) static CHECK: Check = Check {
    id: "mcp.modern.stateless",
    title: "a call of a later revision without initialize is answered or refused",
    clauses: &[Clause::mcp("2026-07-28/basic/versioning")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.stateless-silent",
    sends: "a search with the later revision in _meta to a server that was not greeted",
    accepts: "the study, or a protocol error",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let (tool, arguments) = bench.usual(Role::Studies)?;
    let mut parameters = later();
    parameters["name"] = tool.into();
    parameters["arguments"] = arguments.into();
    let answer = session.ask("tools/call", parameters).await?;
    let found = answer.text().contains(&bench.first().study);
    ensure!(answer.is_protocol_error() || found, "{}", answer.summary());
    Ok(())
}
