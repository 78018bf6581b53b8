//! A range of dates and one of times make one interval.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.datetime-combined",
    title: "StudyDate and StudyTime ranges are one interval from the first moment to the last",
    clauses: &[Clause::ps3_18("8.3.4.1.1"), Clause::ps3_4("C.2.2.2.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.datetime-separate",
    sends: "GET /studies?StudyDate=20260110-20260112&StudyTime=1000-1200&PatientID={patient} over six studies",
    accepts: "the studies from 10 January 10:00 to 12 January 12:00",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let patient = format!("{}both", context.data().patient_prefix());
    let moments = [
        ("20260110", "090000"),
        ("20260110", "110000"),
        ("20260111", "080000"),
        ("20260111", "230000"),
        ("20260112", "100000"),
        ("20260112", "150000"),
    ];
    let mut studies = Vec::new();
    for (n, (date, time)) in (1..).zip(moments) {
        let plan = context
            .data()
            .study(n)
            .patient_id(&patient)
            .patient_name("Same^Patient");
        let plan = plan
            .with(text(tags::STUDY_DATE, date))
            .with(text(tags::STUDY_TIME, time));
        studies.push(plan.build());
    }
    for study in &studies {
        web.prepare(study).await?;
    }
    let path = format!(
        "/studies?StudyDate=20260110-20260112&StudyTime=1000-1200&PatientID={}",
        encoded(&patient)
    );
    let inside: Vec<_> = studies[1..5].iter().collect();
    web.finds_studies(&path, &inside).await
}
