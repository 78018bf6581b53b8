//! A series comes without its neighbours.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.series.200",
    title: "a retrieved series has its instances and no others",
    clauses: &[Clause::ps3_18("10.4.1.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.series-returns-study",
    sends: "GET /studies/{study}/series/{series} of the second of 3 series",
    accepts: "200 with the instances of that series",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[2, 3, 1]).build();
    web.prepare(&study).await?;

    let series = study.series()[1].clone();
    let of_series = study
        .instances
        .iter()
        .filter(|instance| instance.series == series);
    let stored = sorted(of_series.map(|instance| instance.uid.clone()));
    let mut found = Vec::new();
    for part in web
        .retrieve(
            &format!("/studies/{}/series/{series}", study.uid),
            DICOM_ANY,
        )
        .await?
    {
        found.push(
            File::read(&part.content)?
                .sop_instance()
                .unwrap_or_default(),
        );
    }
    let found = sorted(found);
    ensure!(
        found == stored,
        "{} instances, {} of them of that series, where it has {}",
        found.len(),
        found.iter().filter(|uid| stored.contains(uid)).count(),
        stored.len()
    );
    Ok(())
}
