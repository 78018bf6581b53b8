//! No failures, no list of them.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "stow.all.no-failed-sop",
    title: "a store response without failures has no sequence of failures, not even an empty one",
    clauses: &[Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.empty-failed-seq",
    sends: "POST /studies with 2 instances of a new study",
    accepts: "a response without FailedSOPSequence (0008,1198) and OtherFailuresSequence (0008,119A)",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    let row = Row::one(&answer.body)?;
    ensure!(
        row.items(tags::REFERENCED_SOP_SEQUENCE).len() == 2,
        "a response without a list of what is stored"
    );
    for tag in [tags::FAILED_SOP_SEQUENCE, tags::OTHER_FAILURES_SEQUENCE] {
        let there = row.attribute(tag);
        ensure!(
            there.is_none(),
            "a response with {tag} of {} items",
            row.items(tag).len()
        );
    }
    Ok(())
}
