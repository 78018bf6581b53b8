//! A study that is not there has no series.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.scope.unknown-parent",
    title: "a search in an unknown study finds nothing",
    clauses: &[Clause::ps3_18("10.6.3.1")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.parent-ignored",
    sends: "GET /studies/{unknown}/series and GET /studies/{study}/series/{unknown}/instances beside a study",
    accepts: "no rows, or 404",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    for path in [
        format!("/studies/{}.404/series", study.uid),
        format!("/studies/{}/series/{}.404/instances", study.uid, study.uid),
    ] {
        let answer = web.get(&path, JSON).await?;
        if answer.status == 404 {
            continue;
        }
        let rows = web.search(&path).await?.len();
        ensure!(
            rows == 0,
            "{rows} rows of GET {path}, of which nothing is stored"
        );
    }
    Ok(())
}
