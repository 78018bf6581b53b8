//! What is there is found.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.truth.finds-stored",
    title: "a search for a patient finds the study, and no other",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.none-found",
    sends: "searches for five patients, one after the other",
    accepts: "each study by its UID, and none of another patient",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    for study in &bench.subjects.studies[3..8] {
        let (tool, arguments) = bench.search(&study.patient_id)?;
        let answer = session.call(&tool, &arguments).await?;
        let text = answer.text();
        ensure!(
            !answer.is_error() && text.contains(&study.uid),
            "no {} in {}",
            study.uid,
            answer.summary()
        );
        let mut others = bench.subjects.studies[12..].iter();
        let other = others.find(|other| text.contains(&other.uid));
        ensure!(
            other.is_none(),
            "another patient's study in {}",
            answer.summary()
        );
    }
    Ok(())
}
