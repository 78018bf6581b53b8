//! An acceptance speaks of every context that was proposed.

use super::pc_abstract_3::UNKNOWN_CLASS;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.ac.one-answer-per-context",
    title: "every proposed context is answered once, refused ones too",
    clauses: &[Clause::ps3_8("9.3.3"), Clause::ps3_8("7.1.1.14")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.drops-rejected-context",
    sends: "three contexts: Verification, an unknown class, Verification",
    accepts: "three answers under the same IDs, results 0, 3 and 0",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = [VERIFICATION, UNKNOWN_CLASS, VERIFICATION]
        .iter()
        .fold(dimse.proposal(), |proposal, class| proposal.implicit(class));
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let answers = acceptance.contexts.iter();
    let mut answers: Vec<_> = answers
        .map(|context| (context.id, context.result))
        .collect();
    answers.sort_unstable();
    ensure!(
        answers == [(1, 0), (3, 3), (5, 0)],
        "contexts and results {answers:?}"
    );
    wire.release().await
}
