//! What has ended cannot be ended.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.cancel-late",
    title: "a cancel that comes after the end is ignored",
    clauses: &[Clause::ps3_7("9.3.2.3"), Clause::ps3_7("9.3.2.4")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "find.late-cancel-abort",
    sends: "C-FIND to its end, C-CANCEL-RQ for it, C-FIND again",
    accepts: "no answer to the cancel, and the same match again",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let keys = Keys::study(&study.uid);
    let id = association.begin_find(STUDY_FIND, &keys).await?;
    let first = association.found(STUDY_FIND).await?;
    association.cancel(STUDY_FIND, id).await?;
    let second = association
        .find(STUDY_FIND, &keys)
        .await
        .map_err(|finding| finding.after("a cancel of what had ended"))?;
    for found in [&first, &second] {
        ensure!(
            found.matches.len() == 1 && found.status() == 0,
            "{} matches and {:04X}H",
            found.matches.len(),
            found.status()
        );
    }
    association.release().await
}
