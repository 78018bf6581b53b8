//! A partial store is not a success.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Difference, Finding, Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.partial",
    title: "exit code other than 0 when one file is refused",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.partial-is-0",
    sends: "three files that are stored; three more, the second of which the archive refuses for good with C000",
    accepts: "an exit code other than 0; the two others not stored is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn(&stage.refusing("C000"))?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    if stored[0] && stored[2] {
        return Ok(());
    }
    // No clause asks a client to go on after a refusal; whoever uploads expects it.
    Err(Finding::Warn(Difference {
        expected: Some("the two others stored".into()),
        got: format!("stored {stored:?}, {}", ended.summary()),
    }))
}
