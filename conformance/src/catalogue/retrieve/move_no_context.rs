//! What the destination does not take.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;
use crate::probe::scp::REFUSED_CLASS;

pub(crate) static CHECK: Check = Check {
    id: "move.no-context",
    title: "an instance that the destination has no context for counts as failed",
    clauses: &[Clause::ps3_4("C.4.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.skips-uncounted",
    sends: "C-MOVE of a study of 2 CT images and a text report to us, who take no reports",
    accepts: "B000H with 2 completed and 1 failed, the report in the list of the failed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(2).build();
    let report = context.data().study(1).first_series(2);
    let report = report.sop_class(REFUSED_CLASS).build();
    dimse.prepare(&study).await?;
    dimse.prepare(&report).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    association.release().await?;
    let counts = moved.counts();
    ensure!(
        moved.status().0 == 0xB000
            && (counts.completed, counts.failed) == (Some(2), Some(1))
            && moved.failed == report.uids(),
        "{}, {} UIDs listed as failed",
        moved.words(),
        moved.failed.len()
    );
    Ok(())
}
