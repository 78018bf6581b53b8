//! Moved instances travel on an association of their own.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.other-association",
    title: "the sub-operations of a C-MOVE go to the destination on another association",
    clauses: &[Clause::ps3_4("C.4.2"), Clause::ps3_4("C.4.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.same-association",
    sends: "C-MOVE of a study of 3 to us",
    accepts: "the 3 instances at our SCP, none on the association of the C-MOVE, 0000H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(3).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;
    let arrived = destination.arrivals(&study.uids());
    let arrived = sorted(arrived.into_iter().map(|arrival| arrival.instance));
    ensure!(
        arrived == study.uids() && moved.status().0 == 0,
        "{}; {} of 3 instances came to us",
        moved.words(),
        arrived.len()
    );
    Ok(())
}
