//! What a server does not support it does not agree to.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.other-version",
    title: "an unknown revision is answered with a supported one",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.echoes-any-version",
    sends: "initialize of revision 1999-01-01, and then of the revision that was answered",
    accepts: "another revision than 1999-01-01, which is then agreed to",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    const NEVER: &str = "1999-01-01";
    let bench = Bench::open(context).await?;
    let answer = bench.start()?.ask("initialize", hello(NEVER)).await?;
    let offered = answer.result()?["protocolVersion"].clone();
    let offered = offered.as_str().unwrap_or_default();
    ensure!(
        !offered.is_empty() && offered != NEVER,
        "{offered:?} for {NEVER}"
    );
    let again = bench.start()?.ask("initialize", hello(offered)).await?;
    let agreed = &again.result()?["protocolVersion"];
    ensure!(
        agreed == offered,
        "{offered} for {NEVER}, and then {agreed} for {offered}"
    );
    Ok(())
}
