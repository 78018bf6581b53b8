//! What we do not take.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};

pub(crate) static CHECK: Check = Check {
    id: "get.no-context-counted",
    title: "an instance without a context counts as failed",
    clauses: &[Clause::ps3_4("C.4.3.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.skips-uncounted",
    sends: "C-GET of a study of 2 CT images and an MR image, we being SCP of CT only",
    accepts: "B000H with 2 completed and 1 failed, the MR image in the list of the failed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(2).build();
    let other = context.data().study(1).first_series(2);
    let other = other.sop_class(uids::MR_IMAGE_STORAGE).build();
    dimse.prepare(&study).await?;
    dimse.prepare(&other).await?;
    let class = uids::CT_IMAGE_STORAGE;
    let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            Reply::Status(Status::SUCCESS)
        })
        .await?;
    association.release().await?;
    let counts = got.counts();
    ensure!(
        got.status().0 == 0xB000
            && (counts.completed, counts.failed) == (Some(2), Some(1))
            && got.failed == other.uids(),
        "{}, {} UIDs listed as failed",
        got.words(),
        got.failed.len()
    );
    Ok(())
}
