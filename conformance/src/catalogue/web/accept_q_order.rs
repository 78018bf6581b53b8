//! What is wanted more is given.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.accept.q-order",
    title: "the media type with the higher quality wins",
    clauses: &[Clause::ps3_18("8.7.5"), Clause::ps3_18("8.7.8.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.ignores-q",
    sends: "GET of metadata with XML at q=0.1 and JSON at q=0.9, then the other way round",
    accepts: "JSON, then XML",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/metadata", study.instances[0].path());
    let xml = "multipart/related; type=\"application/dicom+xml\"";
    for (accept, wanted) in [
        (format!("{xml};q=0.1, {JSON};q=0.9"), JSON),
        (format!("{JSON};q=0.9, {xml};q=0.1"), JSON),
        (format!("{xml};q=0.9, {JSON};q=0.1"), "multipart/related"),
        (format!("{JSON};q=0.1, {xml};q=0.9"), "multipart/related"),
    ] {
        let answer = web.get(&path, &accept).await?;
        let kind = answer.content_type().split(';').next().unwrap_or_default();
        ensure!(
            answer.status == 200 && kind.trim() == wanted,
            "{} with Accept: {accept}",
            answer.summary()
        );
    }
    Ok(())
}
