//! A value that is missing among others is null.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.null-holes",
    title: "an empty value among others is null",
    clauses: &[Clause::ps3_18("F.2.5")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.drops-holes",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "for the stored first\\\\third: \"first\", null, \"third\"",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.in_metadata(tags::ADMITTING_DIAGNOSES_DESCRIPTION)? {
        let text = |text: &str| Node::Text(text.into());
        let stored = [text("first"), Node::Null, text("third")];
        ensure!(
            attribute.values() == stored,
            "{:?} at {}",
            attribute.values(),
            attribute.place
        );
    }
    Ok(())
}
