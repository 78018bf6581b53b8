//! A media type that nobody has.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "web.accept.unsupported-406",
    title: "a retrieve in a type that the archive does not have is refused with 406",
    clauses: &[Clause::ps3_18("8.7.8.1"), Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.unsupported-400",
    sends: "GET of a stored instance with Accept: application/x-nope",
    accepts: "406",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = study.instances[0].path();
    let answer = web.get(&path, "application/x-nope").await?;
    ensure!(answer.status == 406, "{}", answer.summary());
    Ok(())
}
