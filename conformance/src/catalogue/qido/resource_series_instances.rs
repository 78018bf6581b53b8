//! The instances of a series can be searched for.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.series-instances",
    title: "GET /studies/{study}/series/{series}/instances finds the instances of the series",
    clauses: &[Clause::ps3_18("10.6.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.instances-404",
    sends: "GET /studies/{study}/series/{series}/instances of a series of 3, beside a series of 2",
    accepts: "200 and a row for each instance of that series",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[3, 2]).build();
    web.prepare(&study).await?;
    let series = &study.instances[0].series;
    let stored = study
        .instances
        .iter()
        .filter(|instance| instance.series == *series);
    let stored = sorted(stored.map(|instance| instance.uid.clone()));
    let path = format!("/studies/{}/series/{series}/instances", study.uid);
    web.finds(&path, tags::SOP_INSTANCE_UID, &stored).await
}
