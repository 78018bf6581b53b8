//! The number of instances of a series is the true one.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.count.series-instances",
    title: "the number of instances of a series is the true one",
    clauses: &[Clause::ps3_18("T10.6.3-4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.wrong-series-instances",
    sends: "GET /studies/{study}/series of series of 1, 2 and 3 instances",
    accepts: "(0020,1209) is 1, 2 and 3",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 2, 3]).build();
    web.prepare(&study).await?;

    let rows = web
        .listed(
            &format!("/studies/{}/series", study.uid),
            tags::SERIES_INSTANCE_UID,
        )
        .await?;
    ensure!(rows.len() == 3, "{} rows for 3 series", rows.len());
    for row in rows {
        let uid = row.text(tags::SERIES_INSTANCE_UID).unwrap_or_default();
        let real = study
            .instances
            .iter()
            .filter(|instance| instance.series == uid)
            .count();
        let counted = row.number(tags::NUMBER_OF_SERIES_RELATED_INSTANCES);
        ensure!(
            counted == i64::try_from(real).ok(),
            "(0020,1209) of {uid} is {counted:?} when {real} are stored"
        );
    }
    Ok(())
}
