//! UIDs have no wildcards.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.no-wildcard-on-uid",
    title: "a UID with a star is no pattern",
    clauses: &[Clause::ps3_4("C.2.2.2.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.uid-prefix-match",
    sends: "GET /studies?StudyInstanceUID={first part of a UID}*",
    accepts: "no match, or 400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let stem = study
        .uid
        .rsplit_once('.')
        .map_or(study.uid.as_str(), |(stem, _)| stem);
    let path = format!("/studies?StudyInstanceUID={stem}.*");
    if web.get(&path, JSON).await?.status == 400 {
        return Ok(());
    }
    web.finds_studies(&path, &[]).await
}
