//! A lone star finds everything, what has no value too.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.star-universal",
    title: "* alone matches every value, and none",
    clauses: &[Clause::ps3_4("C.2.2.2.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.star-needs-value",
    sends: "GET /studies?PatientName=*&PatientID={patient} of a patient with a name and of one without",
    accepts: "the study, both times",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let named = context.data().study(1).build();
    let nameless = context.data().study(2).patient_name("").build();
    for study in [&named, &nameless] {
        web.prepare(study).await?;
        let path = format!(
            "/studies?PatientName=*&PatientID={}",
            encoded(&study.patient_id)
        );
        web.finds_studies(&path, &[study]).await?;
    }
    Ok(())
}
