//! There is one version of the protocol.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::probe::dimse::Dimse;
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, Proposal};

pub(crate) static CHECK: Check = Check {
    id: "ul.rj.protocol-version",
    title: "a request without version 1 is rejected as such",
    clauses: &[Clause::ps3_8("9.3.4"), Clause::ps3_8("9.3.2")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.any-version",
    sends: "A-ASSOCIATE-RQ with protocol version 0",
    accepts: "A-ASSOCIATE-RJ with result 1, source 2, reason 2",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut proposal = dimse.proposal().implicit(VERIFICATION);
    proposal.version = 0;
    rejected(&dimse, &proposal, &[[1, 2, 2]]).await
}

/// Whether a request is rejected with one of these triples of result, source and reason.
pub(super) async fn rejected(dimse: &Dimse, proposal: &Proposal, with: &[[u8; 3]]) -> Verdict {
    let (_wire, heard) = dimse.ask(proposal).await?;
    let rejection = match &heard {
        Heard::Pdu(pdu) => pdu.rejection(),
        _ => None,
    };
    match rejection {
        Some(rejection) if with.contains(&rejection) => Ok(()),
        _ => Err(Finding::fail(heard.words())),
    }
}
