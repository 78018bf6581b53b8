//! Who cancels too late does no harm.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.cancel.unknown-or-late",
    title: "a cancellation of what is not running is ignored",
    clauses: &[Clause::mcp("basic/utilities/cancellation")],
    level: Level::Should,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.cancel-unknown-error",
    sends: "cancellations of an id that never was and of one that was answered, each followed by a ping",
    accepts: "no answer but that to the ping",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let done = session.begin("ping", json!({}));
    session.answer(&done).await?.result()?;
    for id in [json!("never was"), done] {
        let note = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
        let said = session
            .said_before_ping(format!("{note}\n").as_bytes())
            .await?;
        let answer = said.iter().find(|line| line.answers().is_some());
        ensure!(
            answer.is_none(),
            "{}",
            answer.map(|line| line.excerpt()).unwrap_or_default()
        );
    }
    Ok(())
}
