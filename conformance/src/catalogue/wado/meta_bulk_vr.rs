//! Only what may be large is given by reference.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.bulk-vr",
    title: "metadata has a BulkDataURI only on value representations that may have one",
    clauses: &[Clause::ps3_18("10.4.3.3.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.meta-bulk-pn",
    sends: "GET of the metadata of an instance with long texts and binary values",
    accepts: "no BulkDataURI on AE, AS, CS, DA, DT, LO, PN, SH, SQ, TM, UI or UR",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let path = format!("{}/metadata", study.instances[0].path());
    let mut open: Vec<Row> = web.metadata(&path).await?;
    while let Some(row) = open.pop() {
        for (tag, attribute) in row.attributes() {
            let vr = attribute["vr"].as_str().unwrap_or_default();
            let is_short = [
                "AE", "AS", "CS", "DA", "DT", "LO", "PN", "SH", "SQ", "TM", "UI", "UR",
            ]
            .contains(&vr);
            ensure!(
                !is_short || attribute.get("BulkDataURI").is_none(),
                "a BulkDataURI on {tag}, which is {vr}"
            );
            open.extend(row.items(tag));
        }
    }
    Ok(())
}
