//! A slow archive does not stop the server.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, SILENT};

pub(crate) static CHECK: Check = Check {
    id: "mcp.ping.during-call",
    title: "a ping is answered while a call waits for the archive",
    clauses: &[Clause::mcp("basic/utilities/ping")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.blocking-loop",
    sends: "a search of an archive that does not answer, then a ping",
    accepts: "an empty result, before the search is answered",
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
    let ping = session.begin("ping", json!({}));
    session
        .answer_within(&ping, session.patience() / 2)
        .await?
        .result()?;
    let early = session.heard();
    let early = early
        .iter()
        .take_while(|line| line.answers() != Some(&ping));
    let waited = early.into_iter().any(|line| line.answers() == Some(&call));
    ensure!(!waited, "the ping was answered after the call had ended");
    Ok(())
}
