//! What version the archive is.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "ul.userinfo.version-name",
    title: "an implementation version name has 1 to 16 characters",
    clauses: &[Clause::ps3_7("D.3.3.2.4")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.version-name-17",
    sends: "A-ASSOCIATE-RQ",
    accepts: "no sub-item 55H, or one of 1 to 16 characters of ISO 646",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let found = acceptance.user(item::IMPLEMENTATION_VERSION);
    ensure!(found.len() <= 1, "{} sub-items 55H", found.len());
    for name in found {
        ensure!(
            (1..=16).contains(&name.len()) && name.iter().all(|byte| (0x20..0x7F).contains(byte)),
            "a version name of {} bytes, {:?}",
            name.len(),
            String::from_utf8_lossy(name)
        );
    }
    wire.release().await
}
