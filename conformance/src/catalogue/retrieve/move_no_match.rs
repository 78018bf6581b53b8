//! A move of nothing.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.no-match",
    title: "a move without a match is a success with zero counts",
    clauses: &[Clause::ps3_4("C.4.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.no-match-hang",
    sends: "C-MOVE of a study that was stored, then of one that was not",
    accepts: "0000H with 1 completed; then 0000H with zero counts (A7xx is a warning)",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let title = destination.ae_title();
    let moved = association.move_study(&study.uid, title).await?;
    ensure!(
        moved.status().0 == 0 && moved.counts().completed == Some(1),
        "{} for a study that is there",
        moved.words()
    );
    let nothing = format!("{}.9.9", study.uid);
    let moved = association.move_study(&nothing, title).await?;
    association.release().await?;
    let (status, counts) = (moved.status().0, moved.counts());
    let got = format!("{} for a study that is not there", moved.words());
    if status & 0xFF00 == 0xA700 {
        return Err(Finding::Warn(Difference {
            expected: None,
            got,
        }));
    }
    let none = |count: Option<u16>| count.unwrap_or(0) == 0;
    ensure!(
        status == 0 && none(counts.completed) && none(counts.failed) && none(counts.warning),
        "{got}"
    );
    Ok(())
}
