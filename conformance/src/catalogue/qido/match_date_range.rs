//! A range of dates has both its ends in it.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.date-range",
    title: "date ranges include their ends, and may be open at one",
    clauses: &[Clause::ps3_4("C.2.2.2.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.range-exclusive",
    sends: "GET /studies?StudyDate={range}&PatientID={patient} over studies of 10, 15 and 20 January",
    accepts: "a-b, a- and -b with both ends included",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let patient = format!("{}dates", context.data().patient_prefix());
    let studies: Vec<_> = (1..)
        .zip(["20260110", "20260115", "20260120"])
        .map(|(n, date)| {
            let plan = context
                .data()
                .study(n)
                .patient_id(&patient)
                .patient_name("Same^Patient");
            plan.with(text(tags::STUDY_DATE, date)).build()
        })
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    let cases = [
        ("20260110-20260115", vec![&studies[0], &studies[1]]),
        ("20260111-20260119", vec![&studies[1]]),
        ("20260115-", vec![&studies[1], &studies[2]]),
        ("-20260115", vec![&studies[0], &studies[1]]),
        ("20260116-20260119", vec![]),
        ("20260115", vec![&studies[1]]),
    ];
    for (range, stored) in cases {
        let path = format!("/studies?StudyDate={range}&PatientID={}", encoded(&patient));
        web.finds_studies(&path, &stored).await?;
    }
    Ok(())
}
