//! Studies can be searched for.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.studies",
    title: "GET /studies is a search for studies",
    clauses: &[Clause::ps3_18("10.3"), Clause::ps3_18("10.6.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.studies-404",
    sends: "GET /studies?limit=10 after a store",
    accepts: "200 and an array of rows, each with a Study Instance UID",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    web.prepare(&context.data().study(1).build()).await?;
    let rows = web
        .listed("/studies?limit=10", tags::STUDY_INSTANCE_UID)
        .await?;
    let without_level = rows
        .iter()
        .filter(|row| row.attribute(tags::SOP_INSTANCE_UID).is_some());
    let instances = without_level.count();
    ensure!(
        instances == 0,
        "{instances} rows of GET /studies are instances"
    );
    Ok(())
}
