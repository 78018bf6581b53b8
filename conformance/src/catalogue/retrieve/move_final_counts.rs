//! How a move ended.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.final-counts",
    title: "the final response of a move counts what was done",
    clauses: &[Clause::ps3_4("C.4.2.3"), Clause::ps3_7("9.1.4.1.8")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.completed-off-by-one",
    sends: "C-MOVE of a study of 5 to us",
    accepts: "0000H with 5 completed, 0 failed, 0 warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(5).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;
    let counts = moved.counts();
    ensure!(
        moved.status().0 == 0
            && (counts.completed, counts.failed, counts.warning) == (Some(5), Some(0), Some(0)),
        "{}",
        moved.words()
    );
    Ok(())
}
