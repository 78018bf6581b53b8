//! Whoever asks for Verification gets an association.

use crate::check::{Check, Clause, Editions, Level, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.accept",
    title: "an association for Verification is accepted",
    clauses: &[Clause::ps3_8("9.3.3"), Clause::ps3_8("7.1")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.accept-no-ac",
    sends: "A-ASSOCIATE-RQ with Verification in implicit little endian",
    accepts: "A-ASSOCIATE-AC with result 0 for that context",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    ensure!(
        acceptance.version & 1 == 1,
        "protocol version {} in A-ASSOCIATE-AC",
        acceptance.version
    );
    let result = acceptance.result(1);
    ensure!(result == Some(0), "result {result:?} for Verification");
    wire.release().await
}
