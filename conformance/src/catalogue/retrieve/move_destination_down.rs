//! Nobody is at home.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.destination-down",
    title: "a move to a destination that cannot be reached fails in bounded time",
    clauses: &[Clause::ps3_4("C.4.2.1.5")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::DeadDestination],
    editions: Editions::ALL,
    profiles: &[],
    fault: "move.down-hangs",
    sends: "C-MOVE of a study to the AE title that is claimed to be known and not reachable",
    accepts: "A702H or Cxxx within the limit of a check",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let dead = context.claimed(Need::DeadDestination).unwrap_or_default();
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association.move_study(&study.uid, dead).await?;
    let status = moved.status().0;
    ensure!(
        matches!(status, 0xA702 | 0xC000..=0xCFFF),
        "{} for a destination that cannot be reached",
        moved.words()
    );
    association.release().await
}
