//! Metadata of a level is that of all its instances.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.levels",
    title: "metadata of a study, a series and an instance has one object for each instance",
    clauses: &[Clause::ps3_18("10.4.1.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.meta-one-per-series",
    sends: "GET of the metadata of a study of 2 series with 3 and 2 instances, of a series and of an instance",
    accepts: "exactly the instances of each, each once",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[3, 2]).build();
    web.prepare(&study).await?;

    let of_series = study
        .instances
        .iter()
        .filter(|instance| instance.series == study.series()[0]);
    let of_series = sorted(of_series.map(|instance| instance.uid.clone()));
    let one = &study.instances[4];
    for (path, stored) in [
        (format!("/studies/{}", study.uid), study.uids()),
        (
            format!("/studies/{}/series/{}", study.uid, study.series()[0]),
            of_series,
        ),
        (one.path(), vec![one.uid.clone()]),
    ] {
        let path = format!("{path}/metadata");
        let rows = web.metadata(&path).await?;
        let found = sorted(
            rows.iter()
                .filter_map(|row| row.text(tags::SOP_INSTANCE_UID)),
        );
        ensure!(
            found == stored && rows.len() == stored.len(),
            "{} objects with {} of {} instances to GET {path}",
            rows.len(),
            stored.iter().filter(|uid| found.contains(uid)).count(),
            stored.len()
        );
    }
    Ok(())
}
