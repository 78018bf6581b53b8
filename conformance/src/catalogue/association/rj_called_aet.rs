//! An archive that looks at the called AE title says so in its rejection.

use super::rj_protocol_version::rejected;
use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.rj.called-aet",
    title: "a wrong called AE title is rejected as such",
    clauses: &[Clause::ps3_8("9.3.4"), Clause::ps3_8("T9-21")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::ChecksCalled],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.rj-called-as-1",
    sends: "A-ASSOCIATE-RQ that calls another AE title",
    accepts: "A-ASSOCIATE-RJ with result 1, source 1, reason 7",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.called = "NOT_THIS_ONE".into();
    rejected(&dimse, &proposal, &[[1, 1, 7]]).await
}
