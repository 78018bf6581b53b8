//! Who the archive is.

use dicom_wire::uid::Uid;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "ul.userinfo.implementation-uid",
    title: "an acceptance names its implementation class",
    clauses: &[Clause::ps3_7("D.3.3.2")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.no-impl-uid",
    sends: "A-ASSOCIATE-RQ",
    accepts: "one sub-item 52H with a valid UID",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let found = acceptance.user(item::IMPLEMENTATION_CLASS);
    ensure!(
        found.len() == 1,
        "{} sub-items 52H in the acceptance",
        found.len()
    );
    let text = String::from_utf8_lossy(found[0]);
    ensure!(
        Uid::parse(text.trim_end_matches('\0')).is_ok(),
        "implementation class UID {text:?}"
    );
    wire.release().await
}
