//! A list of UIDs finds each of them.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.uid-list",
    title: "UIDs with a comma between find each of them",
    clauses: &[Clause::ps3_18("8.3.4.1"), Clause::ps3_4("C.2.2.2.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.uid-list-first",
    sends: "GET /studies?StudyInstanceUID={first},{third} over 3 studies",
    accepts: "the first and the third",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let studies: Vec<_> = (1..=3).map(|n| context.data().study(n).build()).collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    let path = format!(
        "/studies?StudyInstanceUID={},{}",
        studies[0].uid, studies[2].uid
    );
    web.finds_studies(&path, &[&studies[0], &studies[2]]).await
}
