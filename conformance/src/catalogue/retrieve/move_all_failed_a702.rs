//! A move that brought nothing.

use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.all-failed-a702",
    title: "a move of which every sub-operation fails ends with A702H",
    clauses: &[Clause::ps3_4("C.4.2.1.5")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.all-failed-b000",
    sends: "C-MOVE of a study of 2 to us; we answer every C-STORE with A700H",
    accepts: "A702H with 2 failed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(2).build();
    dimse.prepare(&study).await?;
    for instance in &study.instances {
        destination.answer(&instance.uid, Status::OUT_OF_RESOURCES);
    }
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;
    ensure!(
        moved.status().0 == 0xA702 && moved.counts().failed == Some(2),
        "{}",
        moved.words()
    );
    Ok(())
}
