//! Which instances a move has failed to bring.

use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.failed-uid-list",
    title: "the final response of a move lists exactly the instances that failed",
    clauses: &[Clause::ps3_4("C.4.2.1.4.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.no-failed-list",
    sends: "C-MOVE of a study of 4 to us; we answer one C-STORE with A700H",
    accepts: "(0008,0058) with that UID alone",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(4).build();
    dimse.prepare(&study).await?;
    let refused = &study.instances[2].uid;
    destination.answer(refused, Status::OUT_OF_RESOURCES);
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;
    ensure!(
        moved.failed == [refused.clone()],
        "{} UIDs listed as failed ({}) where one has failed",
        moved.failed.len(),
        moved.words()
    );
    Ok(())
}
