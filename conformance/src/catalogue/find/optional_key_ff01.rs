//! A key that an archive does not have is told.

use dicom_core::Tag;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.optional-key-ff01",
    title: "matches for an unsupported optional key come with FF01H",
    clauses: &[Clause::ps3_4("C.4.1.1.4"), Clause::ps3_4("C.2.2.1.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.ff00-unsupported",
    sends: "C-FIND of a study with a value for (0008,FFF9), which does not exist",
    accepts: "the match, in a pending response with FF01H",
    run: |context| Box::pin(run(context)),
};

/// An attribute that no archive can have.
const NOBODY_KNOWS: Tag = Tag(0x0008, 0xFFF9);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let keys = Keys::study(&study.uid).key(NOBODY_KNOWS, "X");
    let found = association.find(STUDY_FIND, &keys).await?;
    let statuses: Vec<_> = found
        .pending
        .iter()
        .map(|pending| format!("{:04X}H", pending.outcome.status.0))
        .collect();
    ensure!(
        statuses == ["FF01H"],
        "pending responses {statuses:?} and {:04X}H at the end",
        found.status()
    );
    association.release().await
}
