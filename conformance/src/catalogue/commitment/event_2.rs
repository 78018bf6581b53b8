//! What is not there is not promised.

use std::collections::BTreeMap;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::commitment::{FAILURES_EXIST, commit};

pub(crate) static CHECK: Check = Check {
    id: "sc.event-2",
    title: "a report on what is not there has type 2, and says which instance, and why",
    clauses: &[Clause::ps3_4("J.3.3.1.2"), Clause::ps3_3("C.14.1.1")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.event1-with-missing",
    sends: "N-ACTION for 2 instances stored and one that was not, waiting for the N-EVENT-REPORT on the same association or a new one",
    accepts: "event type 2, the third instance failed with 0112H, and the 2 others referenced",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).instances(3).build();
    let (stored, missing) = study.instances.split_at(2);
    context.dimse()?.prepare_instances(stored).await?;
    let transaction = format!("{}.1", study.uid);
    let reported = commit(context, &transaction, &study.instances).await?;
    let failed: BTreeMap<_, _> = missing
        .iter()
        .map(|instance| (instance.uid.clone(), Some(0x0112)))
        .collect();
    let committed = sorted(stored.iter().map(|instance| instance.uid.clone()));
    ensure!(
        reported.event_type == Some(FAILURES_EXIST)
            && reported.committed == committed
            && reported.failed == failed,
        "{} of 2 instances that were stored and 1 that was not",
        reported.words()
    );
    Ok(())
}
