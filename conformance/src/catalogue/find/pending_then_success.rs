//! A search is answered match by match, and then ended.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.pending-then-success",
    title: "each match comes in a pending response with an identifier, and the end has none",
    clauses: &[Clause::ps3_7("9.1.2.1.6"), Clause::ps3_7("9.3.2.4")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.final-with-identifier",
    sends: "C-FIND of one patient's 3 studies",
    accepts: "3 pending responses (FF00H or FF01H) with identifiers, one final 0000H without",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let studies: Vec<_> = (1..=3).map(|n| context.data().study(n).build()).collect();
    for study in &studies {
        dimse.prepare(study).await?;
    }
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let keys = Keys::level("STUDY")
        .key(
            tags::PATIENT_ID,
            &format!("{}*", context.data().patient_prefix()),
        )
        .and(&[tags::STUDY_INSTANCE_UID]);
    let found = association.find(STUDY_FIND, &keys).await?;
    let with = found.matches.iter().flatten().count();
    ensure!(
        with == 3 && found.pending.len() == 3,
        "{} pending responses, {with} of them with an identifier, for 3 studies",
        found.pending.len()
    );
    let stored = sorted(studies.iter().map(|study| study.uid.clone()));
    let values = found.values(tags::STUDY_INSTANCE_UID);
    ensure!(values == stored, "studies {values:?}");
    ensure!(found.status() == 0, "{:04X}H at the end", found.status());
    ensure!(
        found.last_data_set.is_none(),
        "an identifier in the final response"
    );
    association.release().await
}
