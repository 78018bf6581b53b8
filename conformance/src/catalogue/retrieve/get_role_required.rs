//! Who did not offer to be SCP gets nothing.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};

pub(crate) static CHECK: Check = Check {
    id: "get.role-required",
    title: "without role selection no instance is sent, and each counts as failed",
    clauses: &[Clause::ps3_7("D.3.3.4"), Clause::ps3_4("C.4.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.ignores-role",
    sends: "C-GET of a study of 2 on an association with contexts for CT and no role selection",
    accepts: "no C-STORE-RQ; A702H or B000H with 2 failed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(2).build();
    dimse.prepare(&study).await?;
    let mut association = dimse
        .associate(&[STUDY_GET, uids::CT_IMAGE_STORAGE])
        .await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            Reply::Status(Status::SUCCESS)
        })
        .await?;
    association.release().await?;
    ensure!(
        got.stored.is_empty(),
        "{} instances sent to one who is no SCP",
        got.stored.len()
    );
    ensure!(
        matches!(got.status().0, 0xA702 | 0xB000) && got.counts().failed == Some(2),
        "{}",
        got.words()
    );
    Ok(())
}
