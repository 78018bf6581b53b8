//! Nobody knows where that is.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "move.unknown-destination",
    title: "an unknown move destination is refused as such",
    clauses: &[Clause::ps3_4("C.4.2.1.5")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.unknown-c000",
    sends: "C-MOVE of a study to NOWHERE",
    accepts: "A801H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association.move_study(&study.uid, "NOWHERE").await?;
    let status = moved.status().0;
    ensure!(
        status == 0xA801,
        "{status:04X}H for a destination that nobody knows"
    );
    association.release().await
}
