//! What nobody speaks of is not stored.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.unaccounted",
    title: "an instance that the response does not mention is not taken for stored",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::StowClient],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.loses-one",
    sends: "three files that are stored; three more to an archive that loses the first and lists it in neither sequence",
    accepts: "an exit code other than 0, or the instance stored in the end",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn("stow.lose-one-silently")?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    let whole = stored.iter().all(|&stored| stored);
    ensure!(
        whole || ended.ended && ended.code != Some(0),
        "stored {stored:?}, {}",
        ended.summary()
    );
    Ok(())
}
