//! A context is for one class.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::encode;

pub(crate) static CHECK: Check = Check {
    id: "store.class-not-negotiated",
    title: "an instance of another class than its context is refused",
    clauses: &[Clause::ps3_4("B.2.3"), Clause::ps3_7("9.1.1.1.9")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.any-class",
    sends: "C-STORE of an MR image on a context for CT",
    accepts: "0122H, 0118H or A9xx; or A-ABORT",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let plan = context.data().study(1).sop_class(uids::MR_IMAGE_STORAGE);
    let study = plan.build();
    let instance = &study.instances[0];
    let ct = uids::CT_IMAGE_STORAGE;
    let mut association = context.dimse()?.associate(&[ct]).await?;
    let (id, syntax) = association.required(ct)?;
    let data_set = encode(&instance.data_set, &syntax)?;
    context.transcript().leave(&study.uid);
    let stored = association
        .store_bytes(id, instance.sop_class, &instance.uid, data_set)
        .await;
    let status = match stored {
        Ok(response) => response.outcome.status.0,
        Err(Finding::Fail(difference)) if difference.got.starts_with("A-ABORT") => return Ok(()),
        Err(other) => return Err(other),
    };
    ensure!(
        matches!(status, 0x0122 | 0x0118 | 0xA900..=0xA9FF),
        "status {status:04X}H for an MR image on a context for CT"
    );
    association.release().await
}
