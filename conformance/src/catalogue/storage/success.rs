//! What is acknowledged is there.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::presence::is_kept;

pub(crate) static CHECK: Check = Check {
    id: "store.success",
    title: "a stored instance is acknowledged and can be had again",
    clauses: &[Clause::ps3_4("B.2.3"), Clause::ps3_4("B.2")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.ok-not-kept",
    sends: "C-STORE of a CT image, then C-GET of it (or WADO-RS, or C-FIND)",
    accepts: "status 0000H, and the instance",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let status = association.store(instance).await?;
    ensure!(status == 0, "C-STORE was answered {status:04X}H");
    association.release().await?;
    let kept = is_kept(context, instance).await?;
    ensure!(kept, "0000H, and then the instance is not there");
    Ok(())
}
