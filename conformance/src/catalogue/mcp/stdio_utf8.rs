//! Text is UTF-8.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::mcp::{Answer, Bench, LAST};

pub(crate) static CHECK: Check = Check {
    id: "mcp.stdio.utf8",
    title: "names of all scripts come as UTF-8, to the letter",
    clauses: &[Clause::mcp("basic/transports")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.latin1",
    sends: "searches for patients with a Japanese name, a Korean one, and one with an emoji",
    accepts: "lines of valid UTF-8 that hold each name's last component",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    for (study, last) in bench.subjects.studies.iter().zip(LAST) {
        let (tool, arguments) = bench.search(&study.patient_id)?;
        session.begin_call(&tool, &arguments);
        let line = session.next_answer().await?;
        let text = String::from_utf8(line.bytes);
        let text =
            text.map_err(|error| Finding::fail(format!("a line that is no UTF-8: {error}")))?;
        let answer = Answer(serde_json::from_str(&text).unwrap_or_default());
        ensure!(
            answer.text().contains(last),
            "no {last:?} in {}",
            answer.summary()
        );
    }
    Ok(())
}
