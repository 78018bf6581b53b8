//! There is one application context.

use super::rj_protocol_version::rejected;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.rj.application-context",
    title: "another application context is rejected as such",
    clauses: &[Clause::ps3_8("9.3.4"), Clause::ps3_7("A.2.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.any-app-context",
    sends: "A-ASSOCIATE-RQ with application context 1.2.3.4.5",
    accepts: "A-ASSOCIATE-RJ with source 1 and reason 2, permanent or transient",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.application_context = "1.2.3.4.5".into();
    rejected(&dimse, &proposal, &[[1, 1, 2], [2, 1, 2]]).await
}
