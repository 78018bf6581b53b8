//! Of the version only bit 0 is looked at.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.version-bit0-only",
    title: "a request of several protocol versions, 1 among them, is accepted",
    clauses: &[Clause::ps3_8("9.3.2"), Clause::ps3_8("9.3.3")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.version-equals-1",
    sends: "A-ASSOCIATE-RQ with protocol version 3 (bits 0 and 1)",
    accepts: "A-ASSOCIATE-AC",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.version = 3;
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let version = acceptance.version;
    ensure!(version & 1 == 1, "protocol version {version} in return");
    wire.release().await
}
