//! A multipart body without a boundary.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.400.no-boundary",
    title: "multipart/related without a boundary is refused with 400 or 415",
    clauses: &[Clause::ps3_18("8.7.1"), Clause::ps3_18("8.7.3.5.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.no-boundary-500",
    sends: "POST /studies with a good body and Content-Type: multipart/related; type=\"application/dicom\"",
    accepts: "400 or 415",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let upload =
        Upload::of(&[&study.instances[0]]).typed("multipart/related; type=\"application/dicom\"");
    let answer = web.upload("/studies", &upload).await?;
    ensure!(matches!(answer.status, 400 | 415), "{}", answer.summary());
    web.prepare(&study).await
}
