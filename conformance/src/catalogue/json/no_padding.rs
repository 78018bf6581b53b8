//! Padding belongs to the data set, not to the value.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.no-padding",
    title: "no value has padding",
    clauses: &[Clause::ps3_18("F.1"), Clause::ps3_18("8.3.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.padded-uid",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "no text ends in NUL, and none but long texts in a blank, although values of odd length were stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        let long = matches!(attribute.vr(), "LT" | "ST" | "UT" | "UC" | "UR");
        for text in attribute.values().iter().filter_map(Node::as_text) {
            ensure!(!text.ends_with('\0'), "{text:?} at {}", attribute.place);
            ensure!(
                long || !text.ends_with(' '),
                "{text:?} at {}",
                attribute.place
            );
        }
    }
    Ok(())
}
