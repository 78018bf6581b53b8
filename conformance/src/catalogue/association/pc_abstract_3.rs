//! A class that the archive does not know is refused as such.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.pc.abstract-3",
    title: "an unknown abstract syntax is refused with result 3",
    clauses: &[Clause::ps3_8("9.3.3.2"), Clause::ps3_8("T9-18")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.abstract-as-1",
    sends: "a context for a class that the standard does not have",
    accepts: "result 3 (abstract syntax not supported)",
    run: |context| Box::pin(run(context)),
};

/// Below the root of the standard, which has no such class.
pub(super) const UNKNOWN_CLASS: &str = "1.2.840.10008.999.1.1";

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse
        .proposal()
        .implicit(UNKNOWN_CLASS)
        .implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let result = acceptance.result(1);
    ensure!(result == Some(3), "result {result:?} for an unknown class");
    wire.release().await
}
