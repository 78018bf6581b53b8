//! A match says of which level it is.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.level-echoed",
    title: "every match has the Query/Retrieve Level of its request",
    clauses: &[Clause::ps3_4("C.4.1.1.3.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.no-level",
    sends: "C-FIND at STUDY, SERIES and IMAGE level",
    accepts: "(0008,0052) with that level in every match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).series(&[2, 1]).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let series = Keys::level("SERIES").key(tags::STUDY_INSTANCE_UID, &study.uid);
    let image = Keys::level("IMAGE")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .key(tags::SERIES_INSTANCE_UID, &study.instances[0].series);
    for (level, keys, expected) in [
        ("STUDY", Keys::study(&study.uid), 1),
        ("SERIES", series, 2),
        ("IMAGE", image, 2),
    ] {
        let found = association.find(STUDY_FIND, &keys).await?;
        let levels = found.values(tags::QUERY_RETRIEVE_LEVEL);
        ensure!(
            levels.len() == expected && levels.iter().all(|found| found == level),
            "levels {levels:?} in {} of {expected} matches at level {level}",
            found.matches.len()
        );
    }
    association.release().await
}
