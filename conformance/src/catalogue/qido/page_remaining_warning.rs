//! Who gives a part says how much is left.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::search::{remaining, warning};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.page.remaining-warning",
    title: "a page that is not the last comes with a warning 299 and the number of remaining results",
    clauses: &[Clause::ps3_18("8.3.4.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.no-remaining-warning",
    sends: "GET /studies?PatientID={run}*&limit=2 over 5 studies, with offset=0 and offset=2",
    accepts: "Warning 299 with the number 3, and with the number 1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        web.prepare(&context.data().study(n).build()).await?;
    }
    let query = format!("/studies?PatientID={}*", context.data().patient_prefix());
    for (offset, left) in [(0, 3), (2, 1)] {
        let path = format!("{query}&limit=2&offset={offset}");
        let answer = web.get(&path, JSON).await?;
        ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
        let rows = Row::all(&answer.body)?;
        ensure!(rows.len() == 2, "{} rows of GET {path}", rows.len());
        let Some(warning) = warning(&answer) else {
            return Err(Finding::fail(format!(
                "2 of 5 results, and no Warning 299 to GET {path}"
            )));
        };
        ensure!(
            remaining(&warning) == Some(left),
            "Warning {warning:?} where {left} results remain"
        );
    }
    Ok(())
}
