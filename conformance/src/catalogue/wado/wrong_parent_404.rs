//! A path is true as a whole or not at all.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.404.wrong-parent",
    title: "a series under another study, and an instance under another series, are answered 404",
    clauses: &[Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.ignores-parent",
    sends: "GET of a stored series below another stored study, of a stored instance below another series, and below another study",
    accepts: "404",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    let other = context.data().study(2).build();
    web.prepare(&study).await?;
    web.prepare(&other).await?;

    let series = study.series();
    let instance = &study.instances[0].uid;
    for path in [
        format!("/studies/{}/series/{}", other.uid, series[0]),
        format!(
            "/studies/{}/series/{}/instances/{instance}",
            study.uid, series[1]
        ),
        format!(
            "/studies/{}/series/{}/instances/{instance}",
            other.uid, series[0]
        ),
    ] {
        let answer = web.get(&path, DICOM_ANY).await?;
        ensure!(answer.status == 404, "{} to GET {path}", answer.summary());
    }
    Ok(())
}
