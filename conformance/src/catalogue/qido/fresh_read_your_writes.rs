//! What was stored is found.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.fresh.read-your-writes",
    title: "what was acknowledged is found at once",
    clauses: &[Clause::ps3_18("10.5")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.index-lag",
    sends: "POST /studies, and at once a search at each level, five times",
    accepts: "each study, series and instance is found",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        let study = context.data().study(n).build();
        web.prepare(&study).await?;
        let instance = &study.instances[0];
        let (uid, series) = (&study.uid, &instance.series);
        web.finds_studies(&format!("/studies?StudyInstanceUID={uid}"), &[&study])
            .await?;
        let path = format!("/studies/{uid}/series");
        web.finds(&path, tags::SERIES_INSTANCE_UID, &study.series())
            .await?;
        let path = format!("/studies/{uid}/series/{series}/instances");
        web.finds(&path, tags::SOP_INSTANCE_UID, &study.uids())
            .await?;
    }
    Ok(())
}
