//! Every file arrives.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.all.stored",
    title: "every file is stored",
    clauses: &[Clause::ps3_18("10.5.1"), Clause::ps3_4("B.2.1")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.drops-last",
    sends: "three files",
    accepts: "all three instances in the archive",
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
    Ok(())
}
