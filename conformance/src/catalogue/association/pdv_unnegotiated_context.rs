//! Data belongs to a context that was agreed on.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::{VERIFICATION, echo_rq};
use crate::probe::pdu::{COMMAND, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdv.unnegotiated-context",
    title: "a value for a context that was not negotiated ends the association",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("E.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.accepts-any-pcid",
    sends: "C-ECHO-RQ on context 9, of which there was no talk",
    accepts: "A-ABORT",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    let echo = data_value(9, COMMAND | LAST, &echo_rq(1));
    wire.write(&pdu(kind::DATA, &echo), "C-ECHO-RQ on context 9")
        .await?;
    let answer = wire.hear().await?.pdu("data on context 9")?;
    ensure!(
        answer.kind == kind::ABORT,
        "{} to data on context 9",
        answer.name()
    );
    Ok(())
}
