//! What no PDU is does not open an association.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::{Heard, Wire, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdu.unknown-before",
    title: "an unknown PDU in place of a request is answered with A-ABORT",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.unknown-pdu-ignored",
    sends: "a PDU of type 99H on a new connection",
    accepts: "A-ABORT; the end of the connection without one is a warning",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);

async fn run(context: &Context) -> Verdict {
    let mut wire = context.dimse()?.connect().await?;
    wire.write(&pdu(0x99, &[0; 4]), "a PDU of type 99H").await?;
    aborted(&mut wire, "a PDU of type 99H").await
}

/// Whether A-ABORT comes; an end without it is a warning.
pub(super) async fn aborted(wire: &mut Wire, after: &str) -> Verdict {
    match wire.hear_within(PATIENCE).await? {
        Heard::Pdu(pdu) if pdu.kind == kind::ABORT => Ok(()),
        heard @ (Heard::Closed | Heard::Broken(_)) => Err(Finding::Warn(Difference {
            expected: None,
            got: format!("{} after {after}", heard.words()),
        })),
        heard => Err(Finding::fail(format!("{} after {after}", heard.words()))),
    }
}
