//! What arrives is what was sent.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::{DICOM_ANY, Web};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.all.unchanged",
    title: "the data sets arrive as they were",
    clauses: &[Clause::ps3_18("10.5.1"), Clause::ps3_4("B.2.1")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.changes-bytes",
    sends: "three files, each instance retrieved afterwards",
    accepts: "each data set as in the file, private elements left out",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;

    stage.run().await?;
    let base = stage
        .target
        .web
        .as_ref()
        .ok_or_else(|| Finding::error("no address"))?;
    let web = Web::new(base, context.transcript().clone())?;
    for instance in &stage.study.instances {
        let parts = web.retrieve(&instance.path(), DICOM_ANY).await?;
        ensure!(
            parts.len() == 1,
            "{} parts for instance {}",
            parts.len(),
            instance.uid
        );
        let (sent, got) = (File::read(&instance.file)?, File::read(&parts[0].content)?);
        let differences = sent.differences(&got);
        ensure!(
            differences.is_empty(),
            "instance {}: {}",
            instance.uid,
            differences.join(", ")
        );
    }
    Ok(())
}
