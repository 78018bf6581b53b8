//! Only names may be matched without regard to case.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.case-sensitive",
    title: "a Patient ID in another case does not match",
    clauses: &[Clause::ps3_4("C.2.2.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.case-fold-lo",
    sends: "GET /studies?PatientID={patient} as stored and in lower case",
    accepts: "the study, and then none",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = |id: &str| format!("/studies?PatientID={}", encoded(id));
    web.finds_studies(&path(&study.patient_id), &[&study])
        .await?;
    web.finds_studies(&path(&study.patient_id.to_lowercase()), &[])
        .await
}
