//! What is not there is said to be not there.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::{DICOM_ANY, JSON};

pub(crate) static CHECK: Check = Check {
    id: "wado.404.unknown",
    title: "unknown studies, series and instances are answered 404",
    clauses: &[Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.unknown-200-empty",
    sends: "GET of a study, series and instance that were never stored, and of their metadata",
    accepts: "404",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let never = context.data().study(2).build();
    web.prepare(&study).await?;

    let series = format!("/studies/{}/series/{}", study.uid, never.series()[0]);
    let known = format!("/studies/{}/series/{}", study.uid, study.series()[0]);
    let instance = format!("{known}/instances/{}", never.uids()[0]);
    for path in [format!("/studies/{}", never.uid), series, instance] {
        let answer = web.get(&path, DICOM_ANY).await?;
        ensure!(answer.status == 404, "{} to GET {path}", answer.summary());
        let metadata = format!("{path}/metadata");
        let answer = web.get(&metadata, JSON).await?;
        ensure!(
            answer.status == 404,
            "{} to GET {metadata}",
            answer.summary()
        );
    }
    Ok(())
}
