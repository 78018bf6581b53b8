//! A transfer syntax that the archive does not know is refused as such.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.pc.transfer-4",
    title: "unknown transfer syntaxes alone are refused with result 4",
    clauses: &[Clause::ps3_8("9.3.3.2"), Clause::ps3_8("T9-18")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.transfer-as-3",
    sends: "a context for Verification in a transfer syntax that the standard does not have",
    accepts: "result 4 (transfer syntaxes not supported)",
    run: |context| Box::pin(run(context)),
};

/// Below the root of the standard, which has no such transfer syntax.
pub(super) const UNKNOWN_SYNTAX: &str = "1.2.840.10008.1.2.999";

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse
        .proposal()
        .context(VERIFICATION, &[UNKNOWN_SYNTAX])
        .implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let result = acceptance.result(1);
    ensure!(
        result == Some(4),
        "result {result:?} for an unknown transfer syntax"
    );
    wire.release().await
}
