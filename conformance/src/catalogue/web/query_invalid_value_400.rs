//! A parameter with a value that it cannot have.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.query.invalid-value-400",
    title: "query parameters with invalid values are refused with 400",
    clauses: &[Clause::ps3_18("8.3")],
    level: Level::Must,
    needs: &[Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.bad-value-200",
    sends: "GET /studies with limit=abc, with offset=-1 and with fuzzymatching=maybe",
    accepts: "400 each",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for parameter in ["limit=abc", "offset=-1", "fuzzymatching=maybe"] {
        let answer = web.get(&format!("/studies?{parameter}"), JSON).await?;
        ensure!(
            answer.status == 400,
            "{} with {parameter}",
            answer.summary()
        );
    }
    Ok(())
}
