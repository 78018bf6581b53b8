//! A response says which request it answers.

use crate::check::{Check, Clause, Editions, Level, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "cmd.echoes-message-id",
    title: "a response names the message ID of its request, whatever it is",
    clauses: &[Clause::ps3_7("9.3.5.2"), Clause::ps3_7("E.1")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "cmd.wrong-message-id",
    sends: "C-ECHO with message IDs 1, FFFFH, 0100H, and 1 again",
    accepts: "the same ID in (0000,0120) of each response",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    for id in [1, 0xFFFF, 0x0100, 1] {
        wire.echo(1, id).await?;
    }
    wire.release().await
}
