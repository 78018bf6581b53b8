//! The same instance twice is one instance.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "store.duplicate",
    title: "an instance that comes twice is there once",
    clauses: &[Clause::ps3_4("B.2.3")],
    level: Level::Interop,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[],
    fault: "store.duplicate-row",
    sends: "C-STORE of the same instance twice, then C-FIND at IMAGE level",
    accepts: "0000H, a warning B0xx, or 0111H for the second; one match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let dimse = context.dimse()?;
    let mut association = dimse.associate(&[instance.sop_class, STUDY_FIND]).await?;
    let first = association.store(instance).await?;
    ensure!(first == 0, "status {first:04X}H for the first");
    let second = association.store(instance).await?;
    ensure!(
        matches!(second, 0x0000 | 0x0111 | 0xB000..=0xBFFF),
        "status {second:04X}H for the second"
    );
    let keys = Keys::level("IMAGE")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .key(tags::SERIES_INSTANCE_UID, &instance.series)
        .and(&[tags::SOP_INSTANCE_UID]);
    let found = association.find(STUDY_FIND, &keys).await?;
    ensure!(
        found.values(tags::SOP_INSTANCE_UID) == [instance.uid.clone()],
        "{} matches for one instance",
        found.matches.len()
    );
    association.release().await
}
