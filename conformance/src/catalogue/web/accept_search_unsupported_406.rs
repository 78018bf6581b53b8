//! A search whose result nobody can draw.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "web.accept.search-unsupported-406",
    title: "a search for a media type that searches do not have is refused with 406",
    clauses: &[Clause::ps3_18("8.7.8.1"), Clause::ps3_18("10.6.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.search-ignores-accept",
    sends: "GET /studies?StudyInstanceUID={study} of a stored study with Accept: image/png",
    accepts: "406",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let answer = web.get(&path, "image/png").await?;
    ensure!(answer.status == 406, "{}", answer.summary());
    Ok(())
}
