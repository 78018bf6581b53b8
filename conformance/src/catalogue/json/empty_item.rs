//! An item without attributes is an empty object.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.empty-item",
    title: "an empty item is {}",
    clauses: &[Clause::ps3_18("F.2.5")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.drops-empty-item",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "for the stored sequence of a full, an empty and a full item: three objects, the second one without members",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.in_metadata(tags::DERIVATION_CODE_SEQUENCE)? {
        let (place, items) = (&attribute.place, attribute.values());
        ensure!(
            items.len() == 3,
            "{} items at {place}, stored were 3",
            items.len()
        );
        ensure!(
            items[1] == Node::Object(Vec::new()),
            "{} for the empty item at {place}",
            items[1].kind()
        );
        ensure!(
            items[0] == items[2] && items[0] != items[1],
            "other items than were stored at {place}"
        );
    }
    Ok(())
}
