//! Who may not store learns it.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.denied",
    title: "exit code other than 0 when the archive does not let the client in",
    clauses: &[Clause::ps3_18("8.5"), Clause::ps3_8("9.3.4")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.denial-is-0",
    sends: "three files that are stored; three more to an archive that answers 403 or rejects associations",
    accepts: "an exit code other than 0 after at most 10 attempts",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn("auth.deny")?;
    stage.turn(r#"{"when":{"service":"associate"},"then":{"reject-association":{"result":1,"source":1,"reason":3}}}"#)?;
    let ended = stage.run().await?;
    let attempts = stage.attempts().len();
    ensure!(attempts <= 10, "{attempts} attempts");
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
