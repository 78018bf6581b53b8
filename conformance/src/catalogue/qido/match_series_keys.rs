//! Every required series key filters.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{sequence, text};
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.series-keys",
    title: "each of the seven series keys of Table 10.6.1-5 finds exactly what has its value",
    clauses: &[Clause::ps3_18("T10.6.1-5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.ignores-series-key",
    sends: "GET /studies/{study}/series with each of 7 keys over 3 series",
    accepts: "each time the series whose value it is",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let mut plan = context
        .data()
        .study(1)
        .series(&[1, 1, 1])
        .series_class(2, uids::MR_IMAGE_STORAGE);
    for (series, date, time, step) in [
        (1, "20260105", "081500", "A"),
        (2, "20260106", "091500", "B"),
        (3, "20260107", "101500", "C"),
    ] {
        let requested = [
            text(tags::REQUESTED_PROCEDURE_ID, &format!("R-{step}")),
            text(tags::SCHEDULED_PROCEDURE_STEP_ID, &format!("S-{step}")),
        ];
        plan = plan
            .with_in_series(
                series,
                text(tags::PERFORMED_PROCEDURE_STEP_START_DATE, date),
            )
            .with_in_series(
                series,
                text(tags::PERFORMED_PROCEDURE_STEP_START_TIME, time),
            )
            .with_in_series(
                series,
                sequence(tags::REQUEST_ATTRIBUTES_SEQUENCE, &[&requested]),
            );
    }
    let study = plan.build();
    web.prepare(&study).await?;

    let uid = |series: usize| study.instances[series - 1].series.clone();
    let cases = [
        ("Modality=MR".to_owned(), vec![uid(2)]),
        (format!("SeriesInstanceUID={}", uid(3)), vec![uid(3)]),
        ("SeriesNumber=2".to_owned(), vec![uid(2)]),
        (
            "PerformedProcedureStepStartDate=20260107".to_owned(),
            vec![uid(3)],
        ),
        (
            "PerformedProcedureStepStartTime=081500".to_owned(),
            vec![uid(1)],
        ),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=S-C".to_owned(),
            vec![uid(3)],
        ),
        (
            "RequestAttributesSequence.RequestedProcedureID=R-A".to_owned(),
            vec![uid(1)],
        ),
    ];
    for (query, stored) in cases {
        let path = format!("/studies/{}/series?{query}", study.uid);
        web.finds(&path, tags::SERIES_INSTANCE_UID, &stored).await?;
    }
    Ok(())
}
