//! Progress goes forward and ends.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, PROGRESS};

pub(crate) static CHECK: Check = Check {
    id: "mcp.progress.increases-then-stops",
    title: "progress increases and ends with the result",
    clauses: &[Clause::mcp("basic/utilities/progress")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.progress-after-result",
    sends: "a move, or else a store, with a progress token, then a ping",
    accepts: "values that increase strictly, none after the result",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let role = match (
        context.offers(Need::ToolMove),
        context.offers(Need::ToolStore),
    ) {
        (true, _) => Role::Move,
        (_, true) => Role::Store,
        _ => {
            return Err(Finding::NotApplicable(
                "neither a tool to store nor one to move".into(),
            ));
        }
    };
    let (tool, arguments) = bench.usual(role)?;
    let token = json!({"progressToken": 7});
    let id = session.begin(
        "tools/call",
        json!({"name": tool, "arguments": arguments, "_meta": token}),
    );
    let answer = session.answer(&id).await?;
    bench.demand(role, &answer)?;
    session.ask("ping", json!({})).await?;
    let (mut last, mut ended) = (f64::NEG_INFINITY, false);
    for line in session.heard() {
        ended |= line.answers() == Some(&id);
        if line.method() != Some(PROGRESS) {
            continue;
        }
        ensure!(!ended, "after the result: {}", line.excerpt());
        let message = line.message.clone().unwrap_or_default();
        let progress = message["params"]["progress"].as_f64();
        let progress = progress.ok_or_else(|| Finding::fail(line.excerpt()))?;
        let forward = progress > last;
        ensure!(forward, "{progress} after {last}");
        last = progress;
    }
    if last == f64::NEG_INFINITY {
        return Err(Finding::NotObserved(format!("{tool} tells no progress")));
    }
    Ok(())
}
