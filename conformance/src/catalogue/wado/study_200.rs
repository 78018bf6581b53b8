//! A study is a multipart answer of DICOM files.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.study.200",
    title: "a study is answered with multipart/related of application/dicom",
    clauses: &[
        Clause::ps3_18("10.4.1.1.1"),
        Clause::ps3_18("10.4.3.1"),
        Clause::ps3_18("8.6.1.2.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.study-404",
    sends: "GET /studies/{study} of 2 series",
    accepts: "200, multipart/related with type application/dicom and a boundary",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    web.prepare(&study).await?;

    let answer = web
        .get(&format!("/studies/{}", study.uid), DICOM_ANY)
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let media = Media::of(answer.content_type());
    let kind = media.parameter("type").map(|kind| Media::of(kind).essence);
    ensure!(
        media.essence == "multipart/related"
            && kind.as_deref() == Some("application/dicom")
            && media.parameter("boundary").is_some(),
        "content type {:?}",
        answer.content_type()
    );
    Ok(())
}
