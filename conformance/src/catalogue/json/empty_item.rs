//! An item without attributes is an empty object.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{sequence, text};
use crate::outcome::{Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.empty-item",
    title: "an empty item is {}",
    clauses: &[Clause::ps3_18("F.2.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.drops-empty-item",
    sends: "GET /studies/{study}/metadata of a study with a sequence of a full, an empty and a full item",
    accepts: "three objects, the second one without members",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let item = [
        text(tags::CODE_VALUE, "A"),
        text(tags::CODE_MEANING, "A thing"),
    ];
    let derivation = sequence(tags::DERIVATION_CODE_SEQUENCE, &[&item, &[], &item]);
    let web = context.web()?;
    let study = context.data().study(1).with(derivation).build();
    web.prepare(&study).await?;
    let sample = Sample::of(context, &web, study).await?;
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
