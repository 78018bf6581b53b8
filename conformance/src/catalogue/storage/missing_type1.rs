//! An instance belongs to a study.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "store.missing-type1",
    title: "an instance without a Study Instance UID is refused",
    clauses: &[Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.no-study-ok",
    sends: "C-STORE of a CT image without (0020,000D)",
    accepts: "a failure: A7xx, A9xx, Cxxx or 01xx",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = study.instances[0].altered(|data_set| {
        data_set.remove_element(tags::STUDY_INSTANCE_UID);
    });
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let status = association.store(&instance).await?;
    ensure!(
        matches!(status, 0xA700..=0xA7FF | 0xA900..=0xA9FF | 0xC000..=0xCFFF | 0x0100..=0x01FF),
        "status {status:04X}H for an instance without a Study Instance UID"
    );
    association.release().await
}
