//! A refusal for good is final.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.retry.not-refused",
    title: "what was refused for good is not sent again, and neither is what was stored",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_4("B.2.3")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.sends-all-again",
    sends: "three files, the second of which the archive refuses for good with C000",
    accepts: "each instance arrives once",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;
    stage.turn(&stage.refusing("C000"))?;
    stage.run().await?;
    let arrivals = stage.arrivals();
    ensure!(
        arrivals.iter().all(|&times| times == 1),
        "instances arrived {arrivals:?} times"
    );
    Ok(())
}
