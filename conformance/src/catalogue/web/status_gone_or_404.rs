//! What was deleted is gone.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::{DICOM, JSON};

pub(crate) static CHECK: Check = Check {
    id: "web.status.gone-or-404",
    title: "a deleted study is answered 410 or 404",
    clauses: &[Clause::ps3_18("8.5"), Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Delete, Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "http.deleted-200",
    sends: "DELETE of a stored study, then GET of it, of its instance and of its metadata",
    accepts: "2xx, then 410 or 404 each",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("/studies/{}", study.uid);
    let answer = web
        .request("DELETE", &path, &[("Accept", JSON)], Bytes::new())
        .await?;
    ensure!(
        (200..300).contains(&answer.status),
        "{} to DELETE, which is claimed",
        answer.summary()
    );
    let instance = study.instances[0].path();
    let metadata = format!("{path}/metadata");
    for (path, accept) in [(&path, DICOM), (&instance, DICOM), (&metadata, JSON)] {
        let answer = web.get(path, accept).await?;
        ensure!(
            matches!(answer.status, 404 | 410),
            "{} to GET {path} after DELETE",
            answer.summary()
        );
    }
    Ok(())
}
