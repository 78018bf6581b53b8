//! A length is a claim.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, Wire, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdu.lying-length",
    title: "lengths that lie end the connection and nothing else",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.trusts-length",
    sends: "A-ASSOCIATE-RQ that claims 4 GiB; one with an item longer than the PDU; a P-DATA-TF with a value longer than the PDU",
    accepts: "A-ABORT or the end of the connection within 20 s for each, and an association afterwards",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(20);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let request = pdu(kind::ASSOCIATE_RQ, &proposal.to_bytes());

    let mut endless = request.to_vec();
    endless[2..6].copy_from_slice(&u32::MAX.to_be_bytes());
    let mut wire = dimse.connect().await?;
    wire.write(&endless, "A-ASSOCIATE-RQ of 4 GiB").await?;
    over(&mut wire, "a request of 4 GiB").await?;

    // The length of the application context item, the first after the fixed fields.
    let mut overlong = request.to_vec();
    overlong[76..78].copy_from_slice(&u16::MAX.to_be_bytes());
    let mut wire = dimse.connect().await?;
    wire.write(&overlong, "A-ASSOCIATE-RQ with an item of 65535 bytes")
        .await?;
    over(&mut wire, "an item of 65535 bytes").await?;

    let (mut wire, _) = dimse.wire(&proposal).await?;
    let value = [&[0xFF, 0xFF, 0xFF, 0xF0, 1, 3][..], &[0; 20]].concat();
    wire.write(&pdu(kind::DATA, &value), "a value of 4 GiB")
        .await?;
    over(&mut wire, "a value of 4 GiB").await?;

    let (mut wire, _) = dimse.wire(&proposal).await?;
    wire.echo(1, 3).await?;
    wire.release().await
}

async fn over(wire: &mut Wire, after: &str) -> Verdict {
    match wire.hear_within(PATIENCE).await? {
        Heard::Pdu(pdu) if matches!(pdu.kind, kind::ABORT | kind::ASSOCIATE_RJ) => Ok(()),
        Heard::Closed | Heard::Broken(_) => Ok(()),
        heard => Err(Finding::fail(format!("{} after {after}", heard.words()))),
    }
}
