//! An archive that is silent is given up.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.bounds.silence",
    title: "the client ends when the archive never answers",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_8("9.1.5")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.waits-for-ever",
    sends: "three files that are stored; three more to an archive that takes connections and never answers",
    accepts: "an exit code other than 0 within 60 s",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn("wire.silent")?;
    let ended = stage.run().await?;
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
