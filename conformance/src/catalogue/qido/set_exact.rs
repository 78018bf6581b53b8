//! A search finds what was stored: nothing is lost, nothing is added, nothing comes twice.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.set.exact",
    title: "a search returns exactly what was stored, at every level",
    clauses: &[Clause::ps3_18("10.6.3.3"), Clause::ps3_18("8.3.4.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.drop-last",
    sends: "GET /studies?PatientID={run}*, /studies/{study}/series and /studies/{study}/series/{series}/instances over 3 studies of 2 series of 2 instances",
    accepts: "at each level the stored set, each member once",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let studies: Vec<_> = (1..=3)
        .map(|n| context.data().study(n).series(&[2, 2]).build())
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }

    let stored = sorted(studies.iter().map(|study| study.uid.clone()));
    let path = format!("/studies?PatientID={}*", context.data().patient_prefix());
    web.finds(&path, tags::STUDY_INSTANCE_UID, &stored).await?;
    for study in &studies {
        let path = format!("/studies/{}/series", study.uid);
        web.finds(&path, tags::SERIES_INSTANCE_UID, &study.series())
            .await?;
        for series in study.series() {
            let members = study
                .instances
                .iter()
                .filter(|instance| instance.series == series);
            let stored = sorted(members.map(|instance| instance.uid.clone()));
            let path = format!("/studies/{}/series/{series}/instances", study.uid);
            web.finds(&path, tags::SOP_INSTANCE_UID, &stored).await?;
        }
    }
    Ok(())
}
