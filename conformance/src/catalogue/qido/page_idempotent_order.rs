//! The same search has the same order.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.page.idempotent-order",
    title: "the same search answers in the same order",
    clauses: &[Clause::ps3_18("8.3.4.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.random-order",
    sends: "GET /studies?PatientID={run}* five times over 5 studies",
    accepts: "the same rows in the same order",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for n in 1..=5 {
        web.prepare(&context.data().study(n).build()).await?;
    }
    let query = format!("/studies?PatientID={}*", context.data().patient_prefix());
    let first = web.found(&query, tags::STUDY_INSTANCE_UID).await?;
    ensure!(first.len() == 5, "{} rows for 5 studies", first.len());
    for time in 2..=5 {
        let again = web.found(&query, tags::STUDY_INSTANCE_UID).await?;
        ensure!(
            again == first,
            "time {time}: {again:?}, the first time {first:?}"
        );
    }
    Ok(())
}
