//! Several instances do not fit into one file.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "wado.single.study-406",
    title: "a study is not given as a single DICOM file",
    clauses: &[Clause::ps3_18("10.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.single-study-first",
    sends: "GET of a study and of a series of 2 instances with Accept: application/dicom",
    accepts: "406",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;

    let series = format!("/studies/{}/series/{}", study.uid, study.series()[0]);
    for path in [format!("/studies/{}", study.uid), series] {
        let answer = web.get(&path, "application/dicom").await?;
        ensure!(answer.status == 406, "{} to GET {path}", answer.summary());
    }
    Ok(())
}
