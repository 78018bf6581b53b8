//! Metadata whose pixels never came.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.media.bulkdata-missing",
    title: "metadata that refers to bulk data that is not there is refused",
    clauses: &[Clause::ps3_18("8.6.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::StoreMetadata, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.meta-missing-bulk-200",
    sends: "POST /studies with a part of application/dicom+json that refers to a part that is not there",
    accepts: "400 or 409, and nothing is stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let kind = "application/dicom+json";
    let upload = Upload::of(&[])
        .typed(&format!(
            "multipart/related; type=\"{kind}\"; boundary=\"conformance-boundary-7d1f\""
        ))
        .part_with(
            &format!("Content-Type: {kind}"),
            instance.as_json("http://conformance.invalid/bulk/1"),
        );
    context.transcript().leave(&study.uid);
    let answer = web.upload("/studies", &upload).await?;
    ensure!(matches!(answer.status, 400 | 409), "{}", answer.summary());
    let there = web.has(instance).await?;
    ensure!(!there, "{}, and then the instance is there", answer.status);
    web.prepare(&study).await
}
