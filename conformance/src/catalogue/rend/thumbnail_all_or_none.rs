//! Thumbnails are there on every level or on none.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.thumbnail.all-or-none",
    title: "thumbnails of a study, a series, an instance and a frame can be had, or none of them",
    clauses: &[Clause::ps3_18("10.4.1.1.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.thumb-instance-only",
    sends: "GET /thumbnail of a study, a series, an instance and a frame",
    accepts: "four times 200, or never",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let instance = study.instances[0].path();
    let mut statuses = Vec::new();
    for scope in [
        format!("/studies/{}", study.uid),
        format!("/studies/{}/series/{}", study.uid, study.series()[0]),
        instance.clone(),
        format!("{instance}/frames/1"),
    ] {
        statuses.push(
            web.status(&format!("{scope}/thumbnail"), "image/jpeg")
                .await?,
        );
    }
    let given = statuses.iter().filter(|&&status| status == 200).count();
    ensure!(
        given == 4 || given == 0,
        "{statuses:?} for study, series, instance and frame"
    );
    Ok(())
}
