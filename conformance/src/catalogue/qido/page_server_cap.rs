//! Who gives less than was asked for says so.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::search::{remaining, warning};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.page.server-cap",
    title: "an answer that the archive cuts short by itself comes with the warning and the number of remaining results",
    clauses: &[Clause::ps3_18("8.3.4.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Cap],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.cap-silent",
    sends: "GET /studies?PatientID={run}* without a limit over two studies more than the archive gives at once",
    accepts: "as many rows as it gives, and Warning 299 with the number 2",
    run: |context| Box::pin(run(context)),
};

/// So many studies are stored at most.
const BOUND: u32 = 100;

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let claimed = context.claimed(Need::Cap).and_then(|cap| cap.parse().ok());
    let Some(cap) = claimed.filter(|&cap: &u32| cap + 2 <= BOUND) else {
        return Err(Finding::NotObserved(format!(
            "the claimed cap is no number below {}",
            BOUND - 1
        )));
    };
    for n in 1..=cap + 2 {
        web.prepare(&context.data().study(n).build()).await?;
    }
    let path = format!("/studies?PatientID={}*", context.data().patient_prefix());
    let answer = web.get(&path, JSON).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let rows = Row::all(&answer.body)?.len();
    ensure!(rows == cap as usize, "{rows} rows where {cap} are the most");
    let Some(warning) = warning(&answer) else {
        let stored = cap + 2;
        return Err(Finding::fail(format!(
            "{rows} of {stored} results without a limit, and no Warning 299"
        )));
    };
    ensure!(
        remaining(&warning) == Some(2),
        "Warning {warning:?} where 2 results remain"
    );
    Ok(())
}
