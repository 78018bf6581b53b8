//! All is kept, and the report says so.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::commitment::{ALL_COMMITTED, commit};

pub(crate) static CHECK: Check = Check {
    id: "sc.event-1",
    title: "a report on what was stored has type 1, the transaction and every instance",
    clauses: &[Clause::ps3_4("J.3.3.1.1"), Clause::ps3_4("J.3.3.1.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.wrong-transaction",
    sends: "N-ACTION for 3 instances stored, waiting for the N-EVENT-REPORT on the same association or a new one",
    accepts: "event type 1, the Transaction UID of the request, the 3 instances and no failed one",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).instances(3).build();
    context.dimse()?.prepare(&study).await?;
    let transaction = format!("{}.1", study.uid);
    let reported = commit(context, &transaction, &study.instances).await?;
    ensure!(
        reported.transaction.as_deref() == Some(&transaction),
        "a report on transaction {:?}, asked for {transaction}",
        reported.transaction
    );
    let all = sorted(study.instances.iter().map(|instance| instance.uid.clone()));
    ensure!(
        reported.event_type == Some(ALL_COMMITTED)
            && reported.committed == all
            && reported.failed.is_empty(),
        "{} of 3 instances that were stored",
        reported.words()
    );
    Ok(())
}
