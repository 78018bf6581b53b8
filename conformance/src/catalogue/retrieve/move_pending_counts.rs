//! How far a move got.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.pending-counts",
    title: "pending responses count all sub-operations, and none gets lost on the way",
    clauses: &[Clause::ps3_7("9.1.4.1.8"), Clause::ps3_7("9.1.4.1.11")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.pending-no-counts",
    sends: "C-MOVE of a study of 5 to us",
    accepts: "in every pending response the four counts, whose sum is 5; remaining falls, the others do not",
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
    if moved.pending.is_empty() {
        return Err(Finding::NotObserved("no pending response came".into()));
    }
    let mut before = [5, 0, 0, 0];
    for pending in &moved.pending {
        let counts = pending.sub_operations;
        let all = [
            counts.remaining,
            counts.completed,
            counts.failed,
            counts.warning,
        ];
        let [
            Some(remaining),
            Some(completed),
            Some(failed),
            Some(warning),
        ] = all
        else {
            return Err(Finding::fail(format!(
                "remaining, completed, failed and warning are {all:?} in a pending response"
            )));
        };
        let now = [remaining, completed, failed, warning];
        ensure!(now.iter().sum::<u16>() == 5, "counts {now:?} of 5");
        ensure!(
            now[0] <= before[0] && (1..4).all(|n| now[n] >= before[n]),
            "counts {now:?} after {before:?}"
        );
        before = now;
    }
    Ok(())
}
