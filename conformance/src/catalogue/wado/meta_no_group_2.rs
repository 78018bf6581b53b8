//! Metadata describes the data set, not the file.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.no-group-2",
    title: "metadata has no file meta information",
    clauses: &[Clause::ps3_18("10.4.1.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.meta-group2",
    sends: "GET of the metadata of an instance",
    accepts: "no attribute 0002xxxx",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let rows = web
        .metadata(&format!("{}/metadata", study.instances[0].path()))
        .await?;
    for (tag, _) in rows.iter().flat_map(Row::attributes) {
        ensure!(tag.group() != 2, "an attribute {tag}");
    }
    Ok(())
}
