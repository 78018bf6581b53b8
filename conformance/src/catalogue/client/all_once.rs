//! Nothing is sent twice.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.all.once",
    title: "every file is sent once",
    clauses: &[Clause::ps3_18("10.5.1"), Clause::ps3_4("B.2.1")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.sends-twice",
    sends: "three files",
    accepts: "each instance arrives once",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;

    stage.run().await?;
    let arrivals = stage.arrivals();
    ensure!(
        arrivals.iter().all(|&times| times == 1),
        "instances arrived {arrivals:?} times"
    );
    Ok(())
}
