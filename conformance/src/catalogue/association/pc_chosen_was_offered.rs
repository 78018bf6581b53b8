//! The transfer syntax of an accepted context comes from its offer.

use super::pc_transfer_4::UNKNOWN_SYNTAX;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::SYNTAXES;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.pc.chosen-was-offered",
    title: "of the transfer syntaxes offered, exactly one is chosen",
    clauses: &[Clause::ps3_8("9.3.3.2"), Clause::ps3_8("7.1.1.14")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.picks-unoffered-ts",
    sends: "contexts for Verification that offer implicit, explicit, both, and one unknown with implicit little endian",
    accepts: "each with result 0 and one transfer syntax of its own offer",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let [explicit, implicit] = SYNTAXES;
    let offers: [&[&str]; 4] = [
        &[implicit],
        &[explicit],
        &[implicit, explicit],
        &[UNKNOWN_SYNTAX, implicit],
    ];
    let proposal = offers.iter().fold(dimse.proposal(), |proposal, offer| {
        proposal.context(VERIFICATION, offer)
    });
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    for (context, offer) in proposal.contexts.iter().zip(offers) {
        let Some(answer) = acceptance.context(context.id) else {
            return Err(Finding::fail(format!(
                "no answer for context {}",
                context.id
            )));
        };
        // Only implicit little endian has to be known to everybody (PS3.5 10.1).
        if answer.result == 4 && offer == [explicit] {
            continue;
        }
        let chosen = &answer.transfer_syntaxes;
        ensure!(
            answer.result == 0 && chosen.len() == 1 && offer.contains(&chosen[0].as_str()),
            "result {} and {chosen:?} for an offer of {offer:?}",
            answer.result
        );
    }
    wire.release().await
}
