//! Nothing found is an answer.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.truth.none-is-no-error",
    title: "a search without a match is no error, and names no study",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.none-is-error",
    sends: "a search that finds its study, then a search for a patient that nobody is",
    accepts: "a result that is no error and holds no study of the archive",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    bench.finds(&mut session).await?;
    let (tool, arguments) = bench.search(&bench.subjects.nobody)?;
    let answer = session.call(&tool, &arguments).await?;
    ensure!(!answer.is_error(), "{}", answer.summary());
    let text = answer.text();
    let found = bench
        .subjects
        .studies
        .iter()
        .find(|study| text.contains(&study.uid));
    ensure!(
        found.is_none(),
        "a study of another patient: {}",
        answer.summary()
    );
    Ok(())
}
