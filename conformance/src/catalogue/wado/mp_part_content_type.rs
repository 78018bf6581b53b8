//! Each part says what it is.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.mp.part-content-type",
    title: "each part of a retrieve has the content type application/dicom",
    clauses: &[Clause::ps3_18("8.6.1.2"), Clause::ps3_18("T8.6.1-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.part-no-type",
    sends: "GET /studies/{study} of 3 instances",
    accepts: "Content-Type application/dicom on each part, with a UID if it names a transfer syntax",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(3).build();
    web.prepare(&study).await?;

    let path = format!("/studies/{}", study.uid);
    for (n, part) in (1..).zip(web.retrieve(&path, DICOM_ANY).await?) {
        let Some(text) = part.header("content-type") else {
            return Err(Finding::fail(format!("part {n} without a Content-Type")));
        };
        let media = Media::of(text);
        let is_uid = |text: &str| text.starts_with("1.2.") && !text.ends_with('.');
        ensure!(
            media.essence == "application/dicom"
                && media.parameter("transfer-syntax").is_none_or(is_uid),
            "part {n} with Content-Type {text:?}"
        );
    }
    Ok(())
}
