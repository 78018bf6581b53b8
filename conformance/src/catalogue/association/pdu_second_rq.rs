//! An association is asked for once.

use super::pdu_unknown_after::aborted_by_provider;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdu.second-rq",
    title: "a second association request is answered with A-ABORT of the provider",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.second-rq-ac",
    sends: "A-ASSOCIATE-RQ on an association",
    accepts: "A-ABORT with source 2; source 0, or the end of the connection, is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    let again = pdu(kind::ASSOCIATE_RQ, &proposal.to_bytes());
    wire.write(&again, "A-ASSOCIATE-RQ again").await?;
    aborted_by_provider(&mut wire, "a second request").await
}
