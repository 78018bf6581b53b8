//! Answers find their requests.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.rpc.parallel-20",
    title: "twenty calls at once get each its own answer",
    clauses: &[Clause::mcp("basic")],
    level: Level::Interop,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.swaps-ids",
    sends: "searches for 20 patients without waiting",
    accepts: "in each answer the study of its patient and no other",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let mut open = Vec::new();
    for study in &bench.subjects.studies {
        let (tool, arguments) = bench.search(&study.patient_id)?;
        open.push((session.begin_call(&tool, &arguments), &study.uid));
    }
    let quoted = |text: &str, uid: &str| {
        let mut rest = text
            .match_indices(uid)
            .map(|(at, _)| &text[at + uid.len()..]);
        rest.any(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'))
    };
    for (id, uid) in &open {
        let answer = session.answer(id).await?;
        let text = answer.text();
        ensure!(quoted(&text, uid), "no {uid} in {}", answer.summary());
        let other = open
            .iter()
            .find(|(_, other)| other != uid && quoted(&text, other));
        ensure!(
            other.is_none(),
            "another patient's study in the answer to request {id}"
        );
    }
    Ok(())
}
