//! Keys are in order.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::Sample;

pub(crate) static CHECK: Check = Check {
    id: "json.key.order",
    title: "the keys of a data set and of an item ascend",
    clauses: &[Clause::ps3_18("F.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.unsorted",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "in every data set and item each key is greater than the one before it",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for object in sample.objects() {
        for pair in object.members.windows(2) {
            let (before, after) = (&pair[0].0, &pair[1].0);
            ensure!(before < after, "{after} after {before} at {}", object.place);
        }
    }
    Ok(())
}
