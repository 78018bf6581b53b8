//! Keys in a sequence match within one item.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{sequence, text};
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.sequence-path",
    title: "keys in the same sequence have to match in one and the same item",
    clauses: &[Clause::ps3_18("8.3.1"), Clause::ps3_4("C.2.2.2.6")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.seq-ignored",
    sends: "GET /studies/{study}/series?RequestAttributesSequence.ScheduledProcedureStepID={step}&RequestAttributesSequence.RequestedProcedureID={procedure} over a series with two items",
    accepts: "the series for a step and procedure of the same item, none for those of two items",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let item = |n: u32| {
        [
            text(tags::REQUESTED_PROCEDURE_ID, &format!("P{n}")),
            text(tags::SCHEDULED_PROCEDURE_STEP_ID, &format!("S{n}")),
        ]
    };
    let study = context
        .data()
        .study(1)
        .series(&[1, 1])
        .with_in_series(
            1,
            sequence(tags::REQUEST_ATTRIBUTES_SEQUENCE, &[&item(1), &item(2)]),
        )
        .with_in_series(2, sequence(tags::REQUEST_ATTRIBUTES_SEQUENCE, &[&item(3)]))
        .build();
    web.prepare(&study).await?;
    let first = vec![study.instances[0].series.clone()];
    let cases = [
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=S2",
            first.clone(),
        ),
        ("00400275.00400009=S2", first.clone()),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=S2&RequestAttributesSequence.RequestedProcedureID=P2",
            first,
        ),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID=S2&RequestAttributesSequence.RequestedProcedureID=P1",
            Vec::new(),
        ),
    ];
    for (query, stored) in cases {
        let path = format!("/studies/{}/series?{query}", study.uid);
        web.finds(&path, tags::SERIES_INSTANCE_UID, &stored).await?;
    }
    Ok(())
}
