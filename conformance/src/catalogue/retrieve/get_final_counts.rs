//! How a C-GET ended.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};

pub(crate) static CHECK: Check = Check {
    id: "get.final-counts",
    title: "the final response of a C-GET counts what was done",
    clauses: &[Clause::ps3_4("C.4.3.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.count-plus-one",
    sends: "C-GET of a study of 6",
    accepts: "0000H with 6 completed, 0 failed, 0 warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(6).build();
    dimse.prepare(&study).await?;
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
        got.status().0 == 0
            && (counts.completed, counts.failed, counts.warning) == (Some(6), Some(0), Some(0)),
        "{}",
        got.words()
    );
    Ok(())
}
