//! A message is a line.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, LATEST, Session, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.one-line-per-message",
    title: "messages hold no line breaks",
    clauses: &[Clause::mcp("basic/transports")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.pretty-json",
    sends: "initialize, tools/list, and the text of a report of three lines if there is a tool",
    accepts: "each line is one whole message",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    session.begin("initialize", hello(LATEST));
    session.next_line().await?;
    whole(&session)?;
    session.notify("notifications/initialized", json!({}));
    session.ask("tools/list", json!({})).await?;
    if context.offers(Need::ToolReport) {
        let answer = bench.perform(&mut session, Role::Report).await?;
        bench.demand(Role::Report, &answer)?;
    }
    whole(&session)
}

fn whole(session: &Session) -> Verdict {
    for line in session.heard() {
        ensure!(line.is_message(), "a line {:?}", line.excerpt());
    }
    Ok(())
}
