//! A report finds who has left.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::commitment::{ALL_COMMITTED, Asking, asker};

pub(crate) static CHECK: Check = Check {
    id: "sc.other-association",
    title: "who has released before the report gets it on an association of the archive's",
    clauses: &[Clause::ps3_4("J.3.3.1.2"), Clause::ps3_4("J.3.3.1.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.same-association-only",
    sends: "N-ACTION under the AE title of our SCP for an instance stored, and A-RELEASE-RQ as soon as it is answered",
    accepts: "within 5 s N-EVENT-REPORT of type 1 on an association to our SCP",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let destination = context.destination()?;
    let study = context.data().study(1).build();
    context.dimse()?.prepare(&study).await?;
    let (dimse, _) = asker(context)?;
    let transaction = format!("{}.1", study.uid);
    let (asking, response) = Asking::begin(&dimse, &transaction, &study.instances).await?;
    let status = response.outcome.status.0;
    ensure!(status == 0, "N-ACTION was answered {status:04X}H");
    asking.leave().await?;
    let Some(reported) = destination.reported(&transaction).await else {
        return Err(Finding::fail(
            "no report on an association to our SCP within 5 s",
        ));
    };
    ensure!(
        reported.event_type == Some(ALL_COMMITTED) && reported.failed.is_empty(),
        "{} of 1 instance that was stored",
        reported.words()
    );
    Ok(())
}
