//! Group lengths are not in the model.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::Sample;

pub(crate) static CHECK: Check = Check {
    id: "json.no-group-length",
    title: "there is no group length",
    clauses: &[Clause::ps3_18("F.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.group-length",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "no key ends in 0000, although one was stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        ensure!(
            !attribute.key.ends_with("0000"),
            "the group length at {}",
            attribute.place
        );
    }
    Ok(())
}
