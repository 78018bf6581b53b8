//! What a server supports it agrees to.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, REVISIONS, hello};

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.same-version",
    title: "a supported revision is agreed to",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.fixed-version",
    sends: "initialize of each of the four revisions, each to a server of its own",
    accepts: "each revision that was ever answered is answered with itself",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut answered = Vec::new();
    for asked in REVISIONS {
        let mut session = bench.start()?;
        let answer = session.ask("initialize", hello(asked)).await?;
        let version = answer.result()?["protocolVersion"].clone();
        answered.push((asked, version));
    }
    for (asked, version) in &answered {
        let supported = answered.iter().any(|(_, version)| version == asked);
        ensure!(
            !supported || version == asked,
            "{version} for {asked}, which is the answer to another request"
        );
    }
    Ok(())
}
