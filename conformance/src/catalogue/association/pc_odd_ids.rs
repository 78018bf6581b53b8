//! Context IDs are odd; one that is not ends in an answer all the same.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, kind};

pub(crate) static CHECK: Check = Check {
    id: "ul.pc.odd-ids",
    title: "an even context ID gets an answer",
    clauses: &[Clause::ps3_8("9.3.2.2")],
    level: Level::May,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.even-id-hang",
    sends: "A-ASSOCIATE-RQ with context ID 2",
    accepts: "A-ASSOCIATE-AC (whatever the result), A-ASSOCIATE-RJ or A-ABORT",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION).context_with_id(
        2,
        VERIFICATION,
        &["1.2.840.10008.1.2"],
    );
    let mut wire = dimse.connect().await?;
    let asked = wire.propose(&proposal);
    let heard = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(heard) => heard?,
        Err(_) => Heard::Nothing(PATIENCE),
    };
    match &heard {
        Heard::Pdu(pdu)
            if matches!(
                pdu.kind,
                kind::ASSOCIATE_AC | kind::ASSOCIATE_RJ | kind::ABORT
            ) =>
        {
            Ok(())
        }
        other => Err(Finding::fail(other.words())),
    }
}
