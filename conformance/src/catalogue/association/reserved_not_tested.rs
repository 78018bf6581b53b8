//! Reserved fields may hold anything.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Acceptance, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.reserved-not-tested",
    title: "reserved bytes of any value are accepted",
    clauses: &[Clause::ps3_8("9.3.2"), Clause::ps3_8("9.3.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.tests-reserved",
    sends: "A-ASSOCIATE-RQ whose reserved bytes are all FFH",
    accepts: "A-ASSOCIATE-AC, and C-ECHO works",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.reserved = 0xFF;
    let mut bytes = pdu(kind::ASSOCIATE_RQ, &proposal.to_bytes()).to_vec();
    bytes[1] = 0xFF;
    let mut wire = dimse.connect().await?;
    wire.write(&bytes, "A-ASSOCIATE-RQ with reserved bytes FFH")
        .await?;
    let answer = wire.read().await?;
    ensure!(
        answer.kind == kind::ASSOCIATE_AC,
        "{} to a request with reserved bytes FFH",
        answer.name()
    );
    let result = Acceptance::read(&answer.body)?.result(1);
    ensure!(result == Some(0), "result {result:?} for Verification");
    wire.echo(1, 0x0102).await?;
    wire.release().await
}
