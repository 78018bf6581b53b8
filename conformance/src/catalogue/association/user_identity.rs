//! Who asks, and whether it matters.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, Proposal, item, kind};

pub(crate) static CHECK: Check = Check {
    id: "ul.user-identity",
    title: "a user is let in by name and password, and a wrong password is not",
    clauses: &[Clause::ps3_7("D.3.3.7")],
    level: Level::May,
    needs: &[Need::Dimse, Need::UserIdentity],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.identity-ignored",
    sends: "user identity of types 1 and 2 with a response asked for: the right secret, then a wrong one",
    accepts: "A-ASSOCIATE-AC, with at most one sub-item 59H; then A-ASSOCIATE-RJ",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let claimed = context.claimed(Need::UserIdentity).unwrap_or_default();
    let Some((name, secret)) = claimed.split_once(':') else {
        return Err(Finding::error("user-identity needs NAME:SECRET"));
    };
    let base = Proposal::to(dimse.target()).implicit(VERIFICATION);
    let named = |secret: &str| base.clone().identity(name, secret, 1);
    let (wire, acceptance) = dimse.wire(&named(secret)).await?;
    let answers = acceptance.user(item::USER_IDENTITY_ANSWER).len();
    ensure!(answers <= 1, "{answers} sub-items 59H");
    wire.release().await?;

    let wrong = format!("not-{secret}");
    let (_wire, heard) = dimse.ask(&named(&wrong)).await?;
    match &heard {
        Heard::Pdu(pdu) if pdu.kind == kind::ASSOCIATE_RJ => Ok(()),
        other => Err(Finding::fail(format!(
            "{} for a wrong secret",
            other.words()
        ))),
    }
}
