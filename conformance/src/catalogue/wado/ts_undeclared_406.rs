//! What an archive cannot write, it says it cannot.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.undeclared-406",
    title: "a transfer syntax that the archive cannot give is refused with 406",
    clauses: &[Clause::ps3_18("8.7.8.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.ts-unsupported-500",
    sends: "GET of a CT image in MPEG-2 (1.2.840.10008.1.2.4.100) and in the SMPTE ST 2110 syntax (1.2.840.10008.1.2.7.1)",
    accepts: "406",
    run: |context| Box::pin(run(context)),
};

/// Video of a single slice is nothing that an archive can make.
const IMPOSSIBLE: [&str; 2] = ["1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.7.1"];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    for syntax in IMPOSSIBLE {
        let accept = format!("{DICOM}; transfer-syntax={syntax}");
        let answer = web.get(&study.instances[0].path(), &accept).await?;
        ensure!(answer.status == 406, "{} to {syntax}", answer.summary());
    }
    Ok(())
}
