//! Success is told.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.success",
    title: "exit code 0 when everything is stored",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.success-is-1",
    sends: "three files",
    accepts: "all stored, and exit code 0",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    ensure!(
        stored.iter().all(|&stored| stored),
        "stored {stored:?}, {}",
        ended.summary()
    );
    ensure!(ended.code == Some(0), "{}", ended.summary());
    Ok(())
}
