//! A promise ends where its instance does.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::commitment::{ALL_COMMITTED, FAILURES_EXIST, commit};

pub(crate) static CHECK: Check = Check {
    id: "sc.survives-delete",
    title: "what was deleted is not committed to again",
    clauses: &[Clause::ps3_4("J.3")],
    level: Level::Interop,
    needs: &[Need::CStore, Need::Commit, Need::Delete],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.commits-deleted",
    sends: "N-ACTION for an instance stored, DELETE of it over HTTP, and N-ACTION again",
    accepts: "event type 1, 2xx, event type 2",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    context.dimse()?.prepare(&study).await?;
    let first = commit(context, &format!("{}.1", study.uid), &study.instances).await?;
    ensure!(
        first.event_type == Some(ALL_COMMITTED),
        "{} of 1 instance that was stored",
        first.words()
    );
    let path = study.instances[0].path();
    let deleted = context
        .web()?
        .request("DELETE", &path, &[("Accept", "*/*")], "".into())
        .await?;
    ensure!(
        (200..300).contains(&deleted.status),
        "{} to DELETE of an instance",
        deleted.summary()
    );
    let second = commit(context, &format!("{}.2", study.uid), &study.instances).await?;
    ensure!(
        second.event_type == Some(FAILURES_EXIST) && second.committed.is_empty(),
        "{} of 1 instance that was deleted",
        second.words()
    );
    Ok(())
}
