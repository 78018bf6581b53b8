//! A name has up to three groups.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::{Bench, NAMES};

pub(crate) static CHECK: Check = Check {
    id: "mcp.truth.names-whole",
    title: "names keep their ideographic and phonetic groups",
    clauses: &[Clause::ps3_5("6.2.1")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.names-ascii",
    sends: "searches for a patient with a Japanese name and one with a Korean name",
    accepts: "every component group of each name",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    for (study, name) in bench.subjects.studies.iter().zip(NAMES).take(2) {
        let (tool, arguments) = bench.search(&study.patient_id)?;
        let answer = session.call(&tool, &arguments).await?;
        let text = answer.text();
        for component in name.split(['=', '^']) {
            ensure!(
                text.contains(component),
                "no {component:?} of {name} in {}",
                answer.summary()
            );
        }
    }
    Ok(())
}
