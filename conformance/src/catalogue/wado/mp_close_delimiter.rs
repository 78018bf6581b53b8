//! A reader must be able to tell a whole answer from a torn one.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.mp.close-delimiter",
    title: "a multipart answer ends with its close delimiter",
    clauses: &[
        Clause::ps3_18("8.6.1.2.1"),
        Clause::rfc("RFC 2046", "5.1.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.no-close-delimiter",
    sends: "GET /studies/{study} of 2 instances, and of one instance",
    accepts: "a body whose last line is the boundary with two dashes before and behind it",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;

    for path in [format!("/studies/{}", study.uid), study.instances[0].path()] {
        let answer = web.get(&path, DICOM_ANY).await?;
        ensure!(answer.status == 200, "{}", answer.summary());
        let media = Media::of(answer.content_type());
        let boundary = media.parameter("boundary").unwrap_or_default();
        let end = answer.body.len().saturating_sub(boundary.len() + 64);
        let tail = String::from_utf8_lossy(&answer.body[end..]).into_owned();
        ensure!(
            tail.trim_end().ends_with(&format!("\r\n--{boundary}--")),
            "{} bytes that end with {:?}",
            answer.body.len(),
            tail.chars()
                .rev()
                .take(24)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect::<String>()
        );
    }
    Ok(())
}
