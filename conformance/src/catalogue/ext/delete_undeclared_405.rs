//! Nothing is deleted by an archive that does not say that it deletes.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "ext.delete.undeclared-405",
    title: "DELETE is refused unless it is announced",
    clauses: &[Clause::ps3_18("8.5")],
    level: Level::Must,
    needs: &[Need::NoDelete, Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "ext.delete-open",
    sends: "DELETE of a stored study, then GET of its instance",
    accepts: "405 or 501, and the instance is still there",
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
    ensure!(matches!(answer.status, 405 | 501), "{}", answer.summary());
    let kept = web.has(&study.instances[0]).await?;
    ensure!(kept, "{}, and then the instance is gone", answer.status);
    Ok(())
}
