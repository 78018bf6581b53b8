//! What we refuse counts.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};

pub(crate) static CHECK: Check = Check {
    id: "get.our-failure-reported",
    title: "an instance that we refuse counts as failed",
    clauses: &[Clause::ps3_4("C.4.3.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.hides-failure",
    sends: "C-GET of a study of 3; we answer one C-STORE with A700H",
    accepts: "all 3 sent; B000H with 2 completed and 1 failed, its UID in the list of the failed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(3).build();
    dimse.prepare(&study).await?;
    let refused = study.instances[1].uid.clone();
    let class = uids::CT_IMAGE_STORAGE;
    let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |stored| {
            match stored.request.sop_instance.as_str() == refused {
                true => Reply::Status(Status::OUT_OF_RESOURCES),
                false => Reply::Status(Status::SUCCESS),
            }
        })
        .await?;
    association.release().await?;
    let counts = got.counts();
    ensure!(
        got.status().0 == 0xB000
            && (counts.completed, counts.failed) == (Some(2), Some(1))
            && got.stored.len() == 3
            && got.failed == [refused.clone()],
        "{}; {} of 3 sent, {} UIDs listed as failed",
        got.words(),
        got.stored.len(),
        got.failed.len()
    );
    Ok(())
}
