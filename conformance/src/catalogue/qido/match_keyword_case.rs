//! A keyword in another case is no keyword.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::search::encoded;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.keyword-case",
    title: "a keyword in lower case is an unknown parameter, and no filter",
    clauses: &[Clause::ps3_18("8.3.1.1"), Clause::ps3_18("8.3.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.keyword-lowercase",
    sends: "GET /studies?PatientID={patient}&studyid={id} over 2 studies of the patient",
    accepts: "both studies, or 400 for the unknown parameter",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let first = context.data().study(1).build();
    let second = context
        .data()
        .study(2)
        .patient_id(&first.patient_id)
        .build();
    web.prepare(&first).await?;
    web.prepare(&second).await?;
    let id = first.instances[0].value(tags::STUDY_ID);
    let path = format!(
        "/studies?PatientID={}&studyid={id}",
        encoded(&first.patient_id)
    );
    if web.get(&path, JSON).await?.status == 400 {
        return Ok(());
    }
    web.finds_studies(&path, &[&first, &second]).await
}
