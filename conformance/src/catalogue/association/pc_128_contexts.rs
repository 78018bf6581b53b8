//! As many contexts as there are IDs.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.pc.128-contexts",
    title: "128 contexts are all answered",
    clauses: &[Clause::ps3_8("7.1.1.13"), Clause::ps3_8("9.3.2.2")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.max-64-contexts",
    sends: "contexts 1, 3 to 255 for Verification",
    accepts: "128 answers under these IDs, and C-ECHO works on the last one accepted",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = (0..128).fold(dimse.proposal(), |proposal, _| {
        proposal.implicit(VERIFICATION)
    });
    let (mut wire, acceptance) = dimse.wire(&proposal).await?;
    let mut answered: Vec<_> = acceptance
        .contexts
        .iter()
        .map(|context| context.id)
        .collect();
    answered.sort_unstable();
    answered.dedup();
    ensure!(
        answered.len() == 128 && answered.iter().all(|id| id % 2 == 1),
        "{} of 128 contexts answered",
        answered.len()
    );
    let accepted = acceptance.contexts.iter();
    let last = accepted
        .filter(|context| context.result == 0)
        .map(|context| context.id)
        .max();
    let Some(last) = last else {
        return Err(Finding::fail("none of 128 contexts accepted"));
    };
    wire.echo(last, 7).await?;
    wire.release().await
}
