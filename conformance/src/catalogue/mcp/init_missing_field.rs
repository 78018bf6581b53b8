//! A greeting without a name is none.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, LATEST, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.missing-field",
    title: "initialize without clientInfo is refused",
    clauses: &[Clause::mcp("schema/InitializeRequest")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.init-unvalidated",
    sends: "initialize without clientInfo",
    accepts: "error -32602",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut parameters = hello(LATEST);
    parameters
        .as_object_mut()
        .map(|members| members.remove("clientInfo"));
    let answer = bench.start()?.ask("initialize", parameters).await?;
    ensure!(answer.code() == Some(-32602), "{}", answer.summary());
    Ok(())
}
