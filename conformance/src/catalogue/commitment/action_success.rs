//! A request for commitment is taken.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::commitment::{Asking, asker};

pub(crate) static CHECK: Check = Check {
    id: "sc.action-success",
    title: "a request for storage commitment is answered with success",
    clauses: &[Clause::ps3_4("J.3.2"), Clause::ps3_7("10.1.4")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.action-0110",
    sends: "N-ACTION of type 1 to the well-known instance, for 2 instances stored",
    accepts: "N-ACTION-RSP with 0000H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).instances(2).build();
    context.dimse()?.prepare(&study).await?;
    let (dimse, _) = asker(context)?;
    let transaction = format!("{}.1", study.uid);
    let (asking, response) = Asking::begin(&dimse, &transaction, &study.instances).await?;
    let status = response.outcome.status.0;
    ensure!(status == 0, "N-ACTION was answered {status:04X}H");
    asking.leave().await
}
