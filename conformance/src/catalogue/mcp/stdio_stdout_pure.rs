//! Standard output belongs to the protocol.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.stdout-pure",
    title: "standard output carries nothing but messages",
    clauses: &[Clause::mcp("basic/transports")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.println-log",
    sends: "each call that the server has a tool for, then again under an archive that fails",
    accepts: "every line on standard output is one JSON-RPC message",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    bench.works(&mut session, &Role::ALL).await?;
    bench.turn(bench.failures()[0])?;
    for role in bench.roles() {
        bench.perform(&mut session, role).await?;
    }
    for line in session.heard() {
        ensure!(
            line.is_message(),
            "on standard output: {:?}",
            line.excerpt()
        );
    }
    Ok(())
}
