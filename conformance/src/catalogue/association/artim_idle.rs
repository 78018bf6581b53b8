//! Who connects and says nothing is not waited for for ever.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::{Heard, kind};

pub(crate) static CHECK: Check = Check {
    id: "ul.artim.idle",
    title: "a connection without a request is closed when ARTIM expires",
    clauses: &[
        Clause::ps3_8("9.1.4"),
        Clause::ps3_8("9.1.5"),
        Clause::ps3_8("9.2"),
    ],
    level: Level::Must,
    needs: &[Need::Dimse, Need::Artim],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.no-artim",
    sends: "nothing, after a TCP connection",
    accepts: "the end of the connection within twice the time that is claimed and a second; an A-ABORT before it is passed over",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let seconds: u64 = context.claimed_number(Need::Artim)?;
    let limit = Duration::from_secs(2 * seconds + 1);
    let mut wire = context.dimse()?.connect().await?;
    loop {
        match wire.hear_within(limit).await? {
            Heard::Closed | Heard::Broken(_) => return Ok(()),
            Heard::Pdu(pdu) if pdu.kind == kind::ABORT => {}
            other => {
                return Err(Finding::fail(format!(
                    "{} on a silent connection",
                    other.words()
                )));
            }
        }
    }
}
