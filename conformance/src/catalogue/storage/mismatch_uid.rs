//! Two UIDs for one instance.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::encode;

pub(crate) static CHECK: Check = Check {
    id: "store.mismatch-uid",
    title: "a data set with another SOP Instance UID than its command is not silently stored",
    clauses: &[Clause::ps3_4("B.2.3"), Clause::ps3_7("9.1.1.1")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.uid-mismatch-ok",
    sends: "C-STORE of a CT image under another Affected SOP Instance UID",
    accepts: "A9xx, Cxxx, 0106H, 0115H or 0117H; or a warning B0xx",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let (id, syntax) = association.required(instance.sop_class)?;
    let data_set = encode(&instance.data_set, &syntax)?;
    let other = format!("{}.77", instance.uid);
    context.transcript().leave(&study.uid);
    let response = association
        .store_bytes(id, instance.sop_class, &other, data_set)
        .await?;
    let status = response.outcome.status.0;
    ensure!(
        matches!(
            status,
            0xA900..=0xA9FF | 0xC000..=0xCFFF | 0x0106 | 0x0115 | 0x0117 | 0xB000..=0xBFFF
        ),
        "status {status:04X}H for a data set of another UID"
    );
    association.release().await
}
