//! What no PDU is ends an association.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::{Heard, Wire, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdu.unknown-after",
    title: "an unknown PDU on an association is answered with A-ABORT of the provider",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.unknown-pdu-skip",
    sends: "a PDU of type 99H on an association",
    accepts: "A-ABORT with source 2; source 0, or the end of the connection, is a warning",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    wire.write(&pdu(0x99, &[0; 4]), "a PDU of type 99H").await?;
    aborted_by_provider(&mut wire, "a PDU of type 99H").await
}

/// Whether A-ABORT of the provider comes; one of the user, or an end without it, is a warning.
pub(super) async fn aborted_by_provider(wire: &mut Wire, after: &str) -> Verdict {
    let heard = wire.hear_within(PATIENCE).await?;
    let got = format!("{} after {after}", heard.words());
    match heard {
        Heard::Pdu(pdu) if pdu.abort_source() == Some(2) => Ok(()),
        Heard::Pdu(pdu) if pdu.kind != kind::ABORT => Err(Finding::fail(got)),
        Heard::Nothing(_) => Err(Finding::fail(got)),
        _ => Err(Finding::Warn(Difference {
            expected: None,
            got,
        })),
    }
}
