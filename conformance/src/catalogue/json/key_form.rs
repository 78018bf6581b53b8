//! Keys are tags.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::Sample;

pub(crate) static CHECK: Check = Check {
    id: "json.key.form",
    title: "every key is eight upper-case hexadecimal digits",
    clauses: &[Clause::ps3_18("F.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.lowercase-tags",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "in every data set and item only keys of 8 digits 0-9 and A-F",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        let key = &attribute.key;
        let is_tag = key.len() == 8
            && key
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
        ensure!(is_tag, "the key {key:?} at {}", attribute.place);
    }
    Ok(())
}
