//! A C-GET can be ended.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};

pub(crate) static CHECK: Check = Check {
    id: "get.cancel",
    title: "a cancelled C-GET ends as cancelled, with counts",
    clauses: &[Clause::ps3_7("9.3.3.3"), Clause::ps3_4("C.4.3.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.ignores-cancel",
    sends: "C-GET of a study of 10; C-CANCEL-RQ before the answer to the third instance",
    accepts: "FE00H with counts that sum to 10; less than 10 instances sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(10).build();
    dimse.prepare(&study).await?;
    let class = uids::CT_IMAGE_STORAGE;
    let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
    let mut came = 0;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            came += 1;
            match came {
                3 => Reply::Cancel,
                _ => Reply::Status(Status::SUCCESS),
            }
        })
        .await?;
    association.release().await?;
    let counts = got.counts();
    let sum: u16 = [
        counts.remaining,
        counts.completed,
        counts.failed,
        counts.warning,
    ]
    .iter()
    .map(|count| count.unwrap_or(0))
    .sum();
    ensure!(
        got.status().0 == 0xFE00 && got.stored.len() < 10 && sum == 10,
        "{}; {} of 10 instances sent",
        got.words(),
        got.stored.len()
    );
    Ok(())
}
