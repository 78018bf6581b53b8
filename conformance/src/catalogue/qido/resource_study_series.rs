//! The series of a study can be searched for.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.study-series",
    title: "GET /studies/{study}/series finds the series of the study",
    clauses: &[Clause::ps3_18("10.6.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.series-404",
    sends: "GET /studies/{study}/series of a study of 2 series, beside another study",
    accepts: "200 and a row for each series of that study",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[2, 1]).build();
    web.prepare(&study).await?;
    web.prepare(&context.data().study(2).build()).await?;
    let path = format!("/studies/{}/series", study.uid);
    web.finds(&path, tags::SERIES_INSTANCE_UID, &study.series())
        .await
}
