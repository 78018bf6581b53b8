//! Who logs says so.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.log.declared",
    title: "log messages come only from a server that declares logging, and levels are checked",
    clauses: &[Clause::mcp("server/utilities/logging")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.log-undeclared",
    sends: "each call that the server has a tool for; logging/setLevel with a level that is none, if logging is declared",
    accepts: "no notifications/message without the capability; error -32602",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let hello = session.greet().await?;

    bench.works(&mut session, &Role::ALL).await?;
    if hello["capabilities"].get("logging").is_none() {
        let heard = session.heard();
        let said = heard
            .iter()
            .find(|line| line.method() == Some("notifications/message"));
        ensure!(
            said.is_none(),
            "{}",
            said.map(|line| line.excerpt()).unwrap_or_default()
        );
        return Ok(());
    }
    session
        .ask("logging/setLevel", json!({"level": "debug"}))
        .await?
        .result()?;
    let wrong = session
        .ask("logging/setLevel", json!({"level": "loud"}))
        .await?;
    ensure!(
        wrong.code() == Some(-32602),
        "{} to level \"loud\"",
        wrong.summary()
    );
    Ok(())
}
