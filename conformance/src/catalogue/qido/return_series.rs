//! A series row has all that Table 10.6.3-4 wants.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::differences;
use crate::probe::search::{SERIES_KEYS, missing};

pub(crate) static CHECK: Check = Check {
    id: "qido.return.series",
    title: "a series row has every required attribute",
    clauses: &[Clause::ps3_18("T10.6.3-4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.omit-series-key",
    sends: "GET /studies/{study}/series",
    accepts: "Modality, Series Instance UID, Series Number, Number of Series Related Instances and, where instances can be retrieved, Retrieve URL",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 2]).build();
    web.prepare(&study).await?;
    let path = format!("/studies/{}/series", study.uid);
    for row in web.listed(&path, tags::SERIES_INSTANCE_UID).await? {
        let mut absent = missing(&row, &SERIES_KEYS);
        if context.offers(Need::Retrieve) {
            absent.extend(missing(&row, &[tags::RETRIEVE_URL]));
        }
        ensure!(absent.is_empty(), "a row without {}", absent.join(", "));
        let uid = row.text(tags::SERIES_INSTANCE_UID).unwrap_or_default();
        let stored = study
            .instances
            .iter()
            .find(|instance| instance.series == uid);
        let Some(stored) = stored else {
            return Err(Finding::fail(format!("a series {uid} that was not stored")));
        };
        let keys = [tags::MODALITY, tags::SERIES_NUMBER];
        let elements = keys
            .iter()
            .filter_map(|&tag| stored.data_set.element_opt(tag).ok().flatten());
        let different = differences(elements, &row);
        ensure!(
            different.is_empty(),
            "series {uid}: {}",
            different.join("; ")
        );
    }
    Ok(())
}
