//! An association ends in order.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.release",
    title: "a release is answered, and then the connection ends",
    clauses: &[Clause::ps3_8("9.3.6"), Clause::ps3_8("9.3.7")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.release-closes",
    sends: "A-RELEASE-RQ; after the answer we close our side",
    accepts: "A-RELEASE-RP, no further PDU, and the end of the connection",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    wire.write(&pdu(kind::RELEASE_RQ, &[0; 4]), "A-RELEASE-RQ")
        .await?;
    let answer = wire.hear().await?.pdu("the release request")?;
    ensure!(
        answer.kind == kind::RELEASE_RP && answer.body.len() == 4,
        "{} of {} bytes to the release request",
        answer.name(),
        answer.body.len()
    );
    wire.close_our_side().await?;
    match wire.hear_within(PATIENCE).await? {
        Heard::Closed | Heard::Broken(_) => Ok(()),
        heard => Err(Finding::fail(format!(
            "{} after A-RELEASE-RP and our close",
            heard.words()
        ))),
    }
}
