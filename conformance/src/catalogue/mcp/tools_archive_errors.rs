//! What the archive could not do is not done.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.archive-errors",
    title: "a failure of the archive is an error of the tool",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.error-as-success",
    sends: "each reading tool on an archive that is well, and those that do what they say again under archives that refuse, break off, answer HTML, reset or abort",
    accepts: "isError each time, unless the right answer was found all the same",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    // Who cannot do it on an archive that is well shows nothing when it fails.
    let works = bench.works(&mut session, &READING).await?;
    for fault in bench.failures() {
        let rule = bench.turn(fault)?;
        for &role in &works {
            let answer = bench.perform(&mut session, role).await?;
            let found = role == Role::Studies && answer.text().contains(&bench.first().study);
            ensure!(
                answer.is_error() || found,
                "{} under {fault}: {}",
                bench.tool(role),
                answer.summary()
            );
        }
        bench.mend(rule);
    }
    Ok(())
}

const READING: [Role; 4] = [Role::Studies, Role::Metadata, Role::Report, Role::Picture];
