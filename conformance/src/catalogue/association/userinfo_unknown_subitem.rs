//! User information may hold what an implementation does not know.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.userinfo.unknown-subitem",
    title: "an unknown sub-item of the user information is ignored",
    clauses: &[Clause::ps3_8("D.2")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.unknown-subitem-abort",
    sends: "A-ASSOCIATE-RQ with a sub-item of type 77H in its user information",
    accepts: "A-ASSOCIATE-AC, and C-ECHO works",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse
        .proposal()
        .implicit(VERIFICATION)
        .user(0x77, *b"whatever");
    let (mut wire, _) = dimse.wire(&proposal).await?;
    wire.echo(1, 0x0304).await?;
    wire.release().await
}
