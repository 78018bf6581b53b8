//! The instances of a study can be searched for across its series.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.study-instances",
    title: "GET /studies/{study}/instances finds the instances of all series of the study",
    clauses: &[Clause::ps3_18("10.6.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Relational],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.study-instances-404",
    sends: "GET /studies/{study}/instances of a study of 2 series, beside another study",
    accepts: "200 and a row for each instance of that study, with its series",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[2, 1]).build();
    web.prepare(&study).await?;
    web.prepare(&context.data().study(2).build()).await?;
    let path = format!("/studies/{}/instances", study.uid);
    web.finds(&path, tags::SOP_INSTANCE_UID, &study.uids())
        .await?;
    for row in web.search(&path).await? {
        let series = row.text(tags::SERIES_INSTANCE_UID).unwrap_or_default();
        ensure!(
            study.series().contains(&series),
            "a row with series {series:?} of GET {path}"
        );
    }
    Ok(())
}
