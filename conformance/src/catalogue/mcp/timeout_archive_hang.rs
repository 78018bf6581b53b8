//! An archive that is silent is an error.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, SILENT};

pub(crate) static CHECK: Check = Check {
    id: "mcp.timeout.archive-hang",
    title: "a call to an archive that never answers ends as an error",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Interop,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.no-timeout",
    sends: "a search that finds its study, then the same of an archive that never answers",
    accepts: "isError within 25 s, the server's own limit set to 3 s where the adapter knows how",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;
    bench.finds(&mut session).await?;
    drop(session);
    bench.turn(SILENT)?;
    let mut session = bench.session().await?;
    let (tool, arguments) = bench.usual(Role::Studies)?;
    let id = session.begin_call(&tool, &arguments);
    let answer = session
        .answer_within(&id, session.patience() * 5 / 4)
        .await?;
    ensure!(answer.is_error(), "{}", answer.summary());
    Ok(())
}
