//! A range of times reads short values as the span they stand for.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.time-range",
    title: "time ranges include their ends, and HHMM is that whole minute",
    clauses: &[Clause::ps3_4("C.2.2.2.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.time-string-compare",
    sends: "GET /studies?StudyTime={range}&PatientID={patient} over studies at 10:15:30.5, 10:16:59 and 11",
    accepts: "ranges with short values, both ends included to their precision",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let patient = format!("{}times", context.data().patient_prefix());
    let studies: Vec<_> = (1..)
        .zip(["101530.500000", "101659", "110000"])
        .map(|(n, time)| {
            let plan = context
                .data()
                .study(n)
                .patient_id(&patient)
                .patient_name("Same^Patient");
            plan.with(text(tags::STUDY_TIME, time)).build()
        })
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    let cases = [
        ("1015-1016", vec![&studies[0], &studies[1]]),
        ("-1015", vec![&studies[0]]),
        ("101531-", vec![&studies[1], &studies[2]]),
        ("1017-11", vec![&studies[2]]),
        ("10-10", vec![&studies[0], &studies[1]]),
    ];
    for (range, stored) in cases {
        let path = format!("/studies?StudyTime={range}&PatientID={}", encoded(&patient));
        web.finds_studies(&path, &stored).await?;
    }
    Ok(())
}
