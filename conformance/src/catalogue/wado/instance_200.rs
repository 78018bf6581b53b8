//! An instance is one part.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.instance.200",
    title: "an instance is answered with one part, which is that instance",
    clauses: &[Clause::ps3_18("10.4.1.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.instance-two-parts",
    sends: "GET of the second of 3 instances of a series",
    accepts: "200 with one part, and the SOP Instance UID asked for in it",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(3).build();
    web.prepare(&study).await?;

    let asked = &study.instances[1];
    let parts = web.retrieve(&asked.path(), DICOM_ANY).await?;
    ensure!(parts.len() == 1, "{} parts", parts.len());
    let found = File::read(&parts[0].content)?.sop_instance();
    ensure!(
        found.as_ref() == Some(&asked.uid),
        "instance {found:?}, asked for was {}",
        asked.uid
    );
    Ok(())
}
