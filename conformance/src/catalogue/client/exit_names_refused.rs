//! Who was refused is said.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.names-refused",
    title: "the file that was refused is named",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_4("B.2.3")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.names-nothing",
    sends: "three files that are stored; three more, the second of which the archive refuses for good with C000",
    accepts: "its SOP Instance UID or its file in what the client prints",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let stage = Stage::open(context).await?;
    stage.turn(&stage.refusing("C000"))?;
    let ended = stage.run().await?;
    let uid = &stage.study.instances[1].uid;
    let named = ended.output.contains(uid.as_str()) || ended.output.contains("2.dcm");
    ensure!(named, "neither {uid} nor 2.dcm, {}", ended.summary());
    Ok(())
}
