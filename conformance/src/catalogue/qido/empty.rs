//! A search without matches is a success, in the form of the edition.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::search::judge_empty;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.empty",
    title: "no match is 204 without a body until 2025, and 200 with an empty list since",
    clauses: &[Clause::ps3_18("10.6.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.empty-404",
    sends: "GET /studies?PatientID={nobody} at three levels, beside a study",
    accepts: "by the edition 204 without a body or 200 with []; the form of the other edition is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let nobody = format!("PatientID={}nobody", context.data().patient_prefix());
    for path in [
        format!("/studies?{nobody}"),
        format!(
            "/studies/{}/series?SeriesInstanceUID={}.404",
            study.uid, study.uid
        ),
    ] {
        judge_empty(&web.get(&path, JSON).await?, context.edition())?;
    }
    Ok(())
}
