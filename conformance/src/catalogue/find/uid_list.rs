//! Several UIDs at once.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.uid-list",
    title: "a list of UIDs matches each of them",
    clauses: &[Clause::ps3_4("C.2.2.2.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.uid-list-first",
    sends: "C-FIND with 2 of 3 Study Instance UIDs, separated by a backslash",
    accepts: "these two studies",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let studies: Vec<_> = (1..=3).map(|n| context.data().study(n).build()).collect();
    for study in &studies {
        dimse.prepare(study).await?;
    }
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let list = format!("{}\\{}", studies[0].uid, studies[2].uid);
    let found = association.find(STUDY_FIND, &Keys::study(&list)).await?;
    let uids = found.values(tags::STUDY_INSTANCE_UID);
    let wanted = sorted([&studies[0], &studies[2]].map(|study| study.uid.clone()));
    ensure!(
        uids == wanted,
        "{} studies for a list of two UIDs",
        uids.len()
    );
    association.release().await
}
