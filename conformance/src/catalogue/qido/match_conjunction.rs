//! Two keys narrow a search.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::Study;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.conjunction",
    title: "two keys find what both match",
    clauses: &[Clause::ps3_18("8.3.4.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.or-semantics",
    sends: "GET /studies with a PatientID and an AccessionNumber, of the same study and of two studies",
    accepts: "the one study, and then none",
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
    let other = context.data().study(3).build();
    for study in [&first, &second, &other] {
        web.prepare(study).await?;
    }
    let of_patient = format!("/studies?PatientID={}", encoded(&first.patient_id));
    let with = |study: &Study| {
        let number = study.instances[0].value(tags::ACCESSION_NUMBER);
        format!("{of_patient}&AccessionNumber={}", encoded(&number))
    };
    web.finds_studies(&with(&second), &[&second]).await?;
    web.finds_studies(&with(&other), &[]).await
}
