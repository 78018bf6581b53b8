//! Who may not store is told so.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::SYNTAXES;
use crate::probe::pdu::kind;

pub(crate) static CHECK: Check = Check {
    id: "store.not-authorized-0124",
    title: "an instance of an AE title that may not store is refused as not authorized",
    clauses: &[Clause::ps3_7("9.1.1.1.9"), Clause::ps3_7("C.5.24")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Acl],
    editions: Editions::ALL,
    profiles: &[],
    fault: "store.acl-0000",
    sends: "C-STORE of an instance under the AE title from which none is claimed to be taken",
    accepts: "0124H; A-ASSOCIATE-RJ; or the context for the class refused",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let title = context.claimed(Need::Acl).unwrap_or_default();
    if title.is_empty() {
        return Err(Finding::error("acl needs the AE title: --claim acl=TITLE"));
    }
    let dimse = context.dimse()?.calling(title);
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let proposal = dimse.proposal().context(instance.sop_class, &SYNTAXES);
    let (_, heard) = dimse.ask(&proposal).await?;
    if heard.pdu("the association request")?.kind == kind::ASSOCIATE_RJ {
        return Ok(());
    }
    let mut association = dimse.associate(&[instance.sop_class]).await?;
    if association.context(instance.sop_class).is_some() {
        let status = association.store(instance).await?;
        ensure!(
            status == 0x0124,
            "status {status:04X}H for an instance of {title}"
        );
    }
    association.release().await
}
