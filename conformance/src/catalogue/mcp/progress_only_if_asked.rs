//! Progress is for those who ask.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, PROGRESS};

pub(crate) static CHECK: Check = Check {
    id: "mcp.progress.only-if-asked",
    title: "progress is told only with a token, and with that token",
    clauses: &[Clause::mcp("basic/utilities/progress")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.progress-unasked",
    sends: "each call that the server has a tool for, without a progress token and then with one",
    accepts: "no progress without a token, and only that token with one",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    bench.works(&mut session, &Role::ALL).await?;
    let heard = session.heard();
    let unasked = heard.iter().find(|line| line.method() == Some(PROGRESS));
    ensure!(
        unasked.is_none(),
        "{}",
        unasked.map(|line| line.excerpt()).unwrap_or_default()
    );
    for role in bench.roles() {
        let (tool, arguments) = bench.usual(role)?;
        let token = json!({"progressToken": "token"});
        session
            .ask(
                "tools/call",
                json!({"name": tool, "arguments": arguments, "_meta": token}),
            )
            .await?;
    }
    for line in session
        .heard()
        .iter()
        .filter(|line| line.method() == Some(PROGRESS))
    {
        let message = line.message.clone().unwrap_or_default();
        ensure!(
            message["params"]["progressToken"] == "token",
            "{}",
            line.excerpt()
        );
    }
    Ok(())
}
