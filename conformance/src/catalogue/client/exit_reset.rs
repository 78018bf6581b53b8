//! A broken connection is not a success.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.reset",
    title: "exit code other than 0 when every connection is reset",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.reset-is-0",
    sends: "three files that are stored; three more to an archive that resets every connection",
    accepts: "an exit code other than 0, within 60 s",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn("wire.reset")?;
    let ended = stage.run().await?;
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
