//! The fields of the request that an acceptance gives back.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.ac.echo-fields",
    title: "an acceptance gives the AE titles and reserved bytes back as they came",
    clauses: &[Clause::ps3_8("9.3.3"), Clause::ps3_8("T9-17")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.ac-swaps-aet",
    sends: "A-ASSOCIATE-RQ",
    accepts: "bytes 11 to 74 of the A-ASSOCIATE-AC are those of the request",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let sent = proposal.to_bytes().slice(4..68);
    let got = &acceptance.echoed;
    let titles = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..32]).into_owned();
    ensure!(
        got[..32] == sent[..32],
        "AE titles {:?} for {:?}",
        titles(got),
        titles(&sent)
    );
    ensure!(*got == sent, "other reserved bytes than were sent");
    wire.release().await
}
