//! How long the archive's PDUs may be has to be negotiated.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "ul.userinfo.max-length-present",
    title: "an acceptance has one maximum length",
    clauses: &[Clause::ps3_8("D.1"), Clause::ps3_7("D.3.3.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.no-max-length",
    sends: "A-ASSOCIATE-RQ",
    accepts: "exactly one sub-item 51H, of 4 bytes",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let lengths: Vec<_> = acceptance
        .user(item::MAXIMUM_LENGTH)
        .iter()
        .map(|content| content.len())
        .collect();
    ensure!(lengths == [4], "sub-items 51H of lengths {lengths:?}");
    wire.release().await
}
