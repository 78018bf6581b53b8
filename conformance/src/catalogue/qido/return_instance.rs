//! An instance row has all that Table 10.6.3-5 wants.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::differences;
use crate::probe::search::{INSTANCE_KEYS, missing};

pub(crate) static CHECK: Check = Check {
    id: "qido.return.instance",
    title: "an instance row has every required attribute",
    clauses: &[Clause::ps3_18("T10.6.3-5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.omit-instance-key",
    sends: "GET /studies/{study}/series/{series}/instances of 2 images",
    accepts: "SOP Class UID, SOP Instance UID, Instance Number, Rows, Columns, Bits Allocated and, where instances can be retrieved, Retrieve URL",
    run: |context| Box::pin(run(context)),
};

const OF_IMAGES: [dicom_core::Tag; 3] = [tags::ROWS, tags::COLUMNS, tags::BITS_ALLOCATED];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;
    let path = format!(
        "/studies/{}/series/{}/instances",
        study.uid, study.instances[0].series
    );
    for row in web.listed(&path, tags::SOP_INSTANCE_UID).await? {
        let mut absent = missing(&row, &INSTANCE_KEYS);
        absent.extend(missing(&row, &OF_IMAGES));
        if context.offers(Need::Retrieve) {
            absent.extend(missing(&row, &[tags::RETRIEVE_URL]));
        }
        ensure!(absent.is_empty(), "a row without {}", absent.join(", "));
        let uid = row.text(tags::SOP_INSTANCE_UID).unwrap_or_default();
        let Some(stored) = study.instances.iter().find(|instance| instance.uid == uid) else {
            return Err(Finding::fail(format!(
                "an instance {uid} that was not stored"
            )));
        };
        let keys = INSTANCE_KEYS.iter().chain(&OF_IMAGES);
        let elements = keys.filter_map(|&tag| stored.data_set.element_opt(tag).ok().flatten());
        let different = differences(elements, &row);
        ensure!(
            different.is_empty(),
            "instance {uid}: {}",
            different.join("; ")
        );
    }
    Ok(())
}
