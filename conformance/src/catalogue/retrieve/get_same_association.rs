//! What one gets comes on the association that asks.

use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET, encode};

pub(crate) static CHECK: Check = Check {
    id: "get.same-association",
    title: "the sub-operations of a C-GET come on its own association",
    clauses: &[Clause::ps3_4("C.4.3.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "get.new-association",
    sends: "C-GET of a study of 3, we being SCP of CT",
    accepts: "the 3 instances on the association, with the values stored, and 0000H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(3).build();
    dimse.prepare(&study).await?;
    let class = uids::CT_IMAGE_STORAGE;
    let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            Reply::Status(Status::SUCCESS)
        })
        .await?;
    ensure!(
        got.uids() == study.uids() && got.status().0 == 0,
        "{}; {} of 3 instances came on the association",
        got.words(),
        got.stored.len()
    );
    for stored in &got.stored {
        let uid = stored.request.sop_instance.as_str();
        let instance = study.instances.iter().find(|it| it.uid == uid);
        let Some(instance) = instance else { continue };
        let sent = encode(&instance.data_set, &association.syntax(stored.context))?;
        // Lengths of sequences may be written differently.
        let short = sent.len().abs_diff(stored.data_set.len()) > sent.len() / 10;
        ensure!(
            !short,
            "a data set of {} bytes, stored {}",
            stored.data_set.len(),
            sent.len()
        );
    }
    association.release().await
}
