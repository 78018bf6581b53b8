//! Empty value matching is done, or said not to be.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::{encoded, warning};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.emptyvalue.warning-or-support",
    title: "emptyvaluematching finds what has no value, or warns that it cannot",
    clauses: &[Clause::ps3_18("8.3.4.5")],
    level: Level::May,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.emptyvalue-silent",
    sends: "GET /studies?AccessionNumber=\"\"&PatientID={patient}&emptyvaluematching=true over a study without and one with an Accession Number",
    accepts: "the study without one, or Warning 299",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let empty = context
        .data()
        .study(1)
        .with(text(tags::ACCESSION_NUMBER, ""))
        .build();
    let other = context
        .data()
        .study(2)
        .patient_id(&empty.patient_id)
        .build();
    web.prepare(&empty).await?;
    web.prepare(&other).await?;
    let path = format!(
        "/studies?AccessionNumber=%22%22&PatientID={}&emptyvaluematching=true",
        encoded(&empty.patient_id)
    );
    let answer = web.get(&path, JSON).await?;
    ensure!(
        matches!(answer.status, 200 | 204),
        "{} to GET {path}",
        answer.summary()
    );
    if warning(&answer).is_some() {
        return Ok(());
    }
    let found = web.finds_studies(&path, &[&empty]).await;
    found.map_err(|finding| finding.after("no Warning 299"))
}
