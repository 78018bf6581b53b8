//! Instances and pictures of them are different things.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "web.accept.dicom-and-rendered-400",
    title: "an Accept header that mixes DICOM and rendered media types is refused with 400",
    clauses: &[Clause::ps3_18("8.7.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.mixed-200",
    sends: "GET of an instance with Accept: application/dicom, image/jpeg",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = study.instances[0].path();
    let answer = web.get(&path, "application/dicom, image/jpeg").await?;
    ensure!(answer.status == 400, "{}", answer.summary());
    Ok(())
}
