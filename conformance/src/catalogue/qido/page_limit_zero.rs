//! A limit of zero is a limit.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.page.limit-zero",
    title: "limit=0 returns no results",
    clauses: &[Clause::ps3_18("8.3.4.4")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.limit-zero-all",
    sends: "GET /studies?PatientID={run}*&limit=0 over 5 studies",
    accepts: "no rows, or 400",
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
    let path = format!("{query}&limit=0");
    if web.get(&path, JSON).await?.status == 400 {
        return Ok(());
    }
    let rows = web.search(&path).await?.len();
    ensure!(rows == 0, "{rows} rows of GET {path}");
    Ok(())
}
