//! A failure and a warning at the destination neither stop a move nor get lost.

use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.mixed-b000",
    title: "a move with a failed and a warned instance tries all and ends with a warning",
    clauses: &[Clause::ps3_4("C.4.2.3"), Clause::ps3_4("C.4.2.1.5")],
    level: Level::Must,
    needs: &[Need::CMove, Need::CStore, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.stops-on-failure",
    sends: "C-MOVE of a study of 6 to us; we answer one C-STORE with B000H and one with A700H",
    accepts: "all 6 tried; B000H with 4 completed, 1 failed, 1 warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(6).build();
    dimse.prepare(&study).await?;
    destination.answer(&study.instances[1].uid, Status::COERCION);
    destination.answer(&study.instances[2].uid, Status::OUT_OF_RESOURCES);

    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;

    let arrived = destination.arrivals(&study.uids());
    let tried = sorted(arrived.into_iter().map(|arrival| arrival.instance));
    let counts = moved.counts();
    let got = format!("{}; {} of 6 tried", moved.words(), tried.len());
    ensure!(tried == study.uids(), "{got}");
    ensure!(moved.status() == Status::SUB_OPERATIONS_WARNING, "{got}");
    ensure!(
        (counts.completed, counts.failed, counts.warning) == (Some(4), Some(1), Some(1)),
        "{got}"
    );
    Ok(())
}
