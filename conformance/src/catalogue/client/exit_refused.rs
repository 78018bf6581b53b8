//! A refusal of all is not a success.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.refused",
    title: "exit code other than 0 when everything is refused",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.refusal-is-0",
    sends: "three files that are stored; three more, all of which the archive refuses with 0122 (409 over HTTP)",
    accepts: "an exit code other than 0",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn(r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"0122"}}}"#)?;
    let ended = stage.run().await?;
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
