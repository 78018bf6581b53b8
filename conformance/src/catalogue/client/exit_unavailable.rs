//! An archive that is not there stores nothing.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.unavailable",
    title: "exit code other than 0 when the archive stays unavailable",
    clauses: &[Clause::ps3_18("8.5"), Clause::ps3_8("9.3.4")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.unavailable-is-0",
    sends: "three files that are stored; three more to an archive that answers every request 503, or rejects every association as temporary congestion",
    accepts: "an exit code other than 0, within 60 s",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn(r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":503}}}"#)?;
    stage.turn(r#"{"when":{"service":"associate"},"then":{"reject-association":{"result":2,"source":3,"reason":1}}}"#)?;
    let ended = stage.run().await?;
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
