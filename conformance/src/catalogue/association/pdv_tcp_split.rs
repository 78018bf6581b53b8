//! TCP cuts where it likes.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::{VERIFICATION, echo_answered, echo_rq};
use crate::probe::pdu::{COMMAND, LAST, Wire, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdv.tcp-split",
    title: "PDUs that arrive byte by byte are understood",
    clauses: &[Clause::ps3_8("9.1.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.read-once",
    sends: "A-ASSOCIATE-RQ, C-ECHO-RQ and A-RELEASE-RQ, each byte in a segment of its own",
    accepts: "A-ASSOCIATE-AC, C-ECHO-RSP with status 0000H, A-RELEASE-RP",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut wire = dimse.connect().await?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let request = pdu(kind::ASSOCIATE_RQ, &proposal.to_bytes());
    drip(&mut wire, &request, "A-ASSOCIATE-RQ").await?;
    let answer = wire.read().await?;
    ensure!(
        answer.kind == kind::ASSOCIATE_AC,
        "{} to a request in pieces",
        answer.name()
    );
    let echo = pdu(kind::DATA, &data_value(1, COMMAND | LAST, &echo_rq(0x0506)));
    drip(&mut wire, &echo, "C-ECHO-RQ").await?;
    echo_answered(&wire.message().await?.command, 0x0506)?;
    drip(&mut wire, &pdu(kind::RELEASE_RQ, &[0; 4]), "A-RELEASE-RQ").await?;
    let answer = wire.read().await?;
    ensure!(
        answer.kind == kind::RELEASE_RP,
        "{} to a release in pieces",
        answer.name()
    );
    Ok(())
}

/// One byte a segment: nothing is gathered, and the receiver gets to run between two of them.
async fn drip(wire: &mut Wire, bytes: &[u8], line: &str) -> Verdict {
    wire.drip(bytes, &format!("{line} byte by byte")).await
}
