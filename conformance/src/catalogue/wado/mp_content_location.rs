//! Each part says where it is from.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.mp.content-location",
    title: "each part of a retrieve has a Content-Location that leads to its instance",
    clauses: &[Clause::ps3_18("8.6.1.2"), Clause::ps3_18("T8.6.1-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.no-content-location",
    sends: "GET /studies/{study} of 2 instances, then GET of the Content-Location of each part",
    accepts: "a Content-Location below the service that gives the instance of the part",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;

    let path = format!("/studies/{}", study.uid);
    for (n, part) in (1..).zip(web.retrieve(&path, DICOM_ANY).await?) {
        let Some(location) = part.header("content-location") else {
            return Err(Finding::fail(format!(
                "part {n} without a Content-Location"
            )));
        };
        let there = web
            .file(&web.below(&path, location)?, DICOM_ANY)
            .await
            .map_err(|finding| finding.after(&format!("the Content-Location {location}")))?;
        let (here, there) = (
            File::read(&part.content)?.sop_instance(),
            there.sop_instance(),
        );
        ensure!(
            here == there,
            "instance {there:?} at the Content-Location of instance {here:?}"
        );
    }
    Ok(())
}
