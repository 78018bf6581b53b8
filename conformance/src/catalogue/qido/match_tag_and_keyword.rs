//! A key can be named by tag and by keyword.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.tag-and-keyword",
    title: "a key as a tag and as a keyword finds the same",
    clauses: &[Clause::ps3_18("8.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.no-hex-tags",
    sends: "GET /studies?PatientID={patient} and GET /studies?00100020={patient} over 2 patients",
    accepts: "both times the study of that patient",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    web.prepare(&context.data().study(2).build()).await?;
    for key in ["PatientID", "00100020"] {
        let path = format!("/studies?{key}={}", encoded(&study.patient_id));
        web.finds_studies(&path, &[&study]).await?;
    }
    Ok(())
}
