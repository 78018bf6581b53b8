//! Who speaks a later revision does no harm.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::subject::mcp::{Bench, later};

pub(crate) static CHECK: Check = Check {
    id: "mcp.modern.discover",
    title: "server/discover is answered, and initialize works after it",
    clauses: &[Clause::mcp("2026-07-28/server/discover")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.discover-crash",
    sends: "server/discover to a server that was not greeted, then initialize",
    accepts: "a result or an error, and then a session as usual",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    session.ask("server/discover", later()).await?;
    session.greet().await?;
    Ok(())
}
