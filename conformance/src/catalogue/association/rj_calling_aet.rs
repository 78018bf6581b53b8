//! An archive that looks at the calling AE title says so in its rejection.

use super::rj_protocol_version::rejected;
use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.rj.calling-aet",
    title: "an unknown calling AE title is rejected as such",
    clauses: &[Clause::ps3_8("9.3.4"), Clause::ps3_8("T9-21")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::ChecksCalling],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.rj-calling-as-7",
    sends: "A-ASSOCIATE-RQ of an AE title that nobody has",
    accepts: "A-ASSOCIATE-RJ with result 1, source 1, reason 3",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.calling = "NOBODY_KNOWS_ME".into();
    rejected(&dimse, &proposal, &[[1, 1, 3]]).await
}
