//! What an archive cannot keep is said.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.exit.unsupported",
    title: "exit code other than 0 when an archive does not take a transfer syntax",
    clauses: &[Clause::ps3_18("I.2.2"), Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.unsupported-is-0",
    sends: "three files that are stored; two plain files and one in RLE to an archive that refuses compressed instances with C122",
    accepts: "an exit code other than 0, and the plain ones stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    Stage::rehearse(context).await?;
    let mut study = context.data().study(1).instances(2).build();
    let packed = context.data().study(1).first_series(2);
    study
        .instances
        .extend(packed.transfer_syntax(uids::RLE_LOSSLESS).build().instances);
    let stage = Stage::with(context, study).await?;
    stage.turn("stow.unsupported")?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    ensure!(
        stored[0] && stored[1],
        "stored {stored:?}, {}",
        ended.summary()
    );
    ensure!(ended.ended && ended.code != Some(0), "{}", ended.summary());
    Ok(())
}
