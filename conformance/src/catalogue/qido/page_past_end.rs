//! Beyond the last page there is nothing.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::judge_empty;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.page.past-end",
    title: "a page beyond the end is an empty answer",
    clauses: &[Clause::ps3_18("8.3.4.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.past-end-wraps",
    sends: "GET /studies?PatientID={run}*&limit=2&offset=9 over 5 studies",
    accepts: "as for a search without matches",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        web.prepare(&context.data().study(n).build()).await?;
    }
    let query = format!("/studies?PatientID={}*", context.data().patient_prefix());
    let whole = web.search(&query).await?.len();
    ensure!(whole == 5, "{whole} rows for 5 studies");
    let answer = web.get(&format!("{query}&limit=2&offset=9"), JSON).await?;
    judge_empty(&answer, context.edition())
}
