//! A tool does what it is for.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.truth.each-tool",
    title: "each tool does what it says on an archive that is well",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.everything-is-fine",
    sends: "each call that the server has a tool for",
    accepts: "the study that was searched for, attributes of its instance, the report's text, a picture; what was to be stored in the archive, what was to be moved at its destination",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let roles = bench.roles();
    for &role in &roles {
        let answer = bench.perform(&mut session, role).await?;
        if !bench.right(role, &answer) {
            return Err(Finding::fail(format!(
                "{}: {}",
                bench.tool(role),
                answer.summary()
            )));
        }
    }
    match roles.is_empty() {
        true => Err(Finding::NotApplicable(
            "no tool that asks the archive".into(),
        )),
        false => Ok(()),
    }
}
