//! A search without a match is a success.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.none",
    title: "a search without a match ends with success at once",
    clauses: &[Clause::ps3_4("C.4.1.3"), Clause::ps3_7("9.1.2.1.6")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.none-a700",
    sends: "C-FIND of a study that was stored, then of one that was not",
    accepts: "one match; then no pending response and 0000H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    for (uid, expected) in [(study.uid.clone(), 1), (format!("{}.9.9.9", study.uid), 0)] {
        let found = association.find(STUDY_FIND, &Keys::study(&uid)).await?;
        let (matches, status) = (found.matches.len(), found.status());
        ensure!(
            matches == expected && status == 0,
            "{matches} matches and {status:04X}H where {expected} are there"
        );
    }
    association.release().await
}
