//! A request that does not say what it accepts.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "web.accept.absent-406",
    title: "a retrieve without an Accept header is refused",
    clauses: &[Clause::ps3_18("8.7.5"), Clause::ps3_18("8.7.7")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "neg.absent-accept-200",
    sends: "GET of an instance on a socket of our own, without any Accept header",
    accepts: "406",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (web, raw) = (context.web()?, context.raw()?);
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let head = raw.head("GET", &study.instances[0].path(), &[]).await?;
    ensure!(head.status == 406, "{}", head.status);
    Ok(())
}
