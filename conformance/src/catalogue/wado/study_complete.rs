//! A study comes back whole.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.study.complete",
    title: "a retrieved study has every instance exactly once",
    clauses: &[Clause::ps3_18("10.4.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.drops-last-part",
    sends: "GET /studies/{study} of 3 series with 20 instances",
    accepts: "200 with 20 parts, one for each SOP Instance UID",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[8, 7, 5]).build();
    web.prepare(&study).await?;

    let parts = web
        .retrieve(&format!("/studies/{}", study.uid), DICOM_ANY)
        .await?;
    let mut found = Vec::new();
    for part in &parts {
        found.push(
            File::read(&part.content)?
                .sop_instance()
                .unwrap_or_default(),
        );
    }
    let (found, stored) = (sorted(found), study.uids());
    let lost: Vec<_> = stored.iter().filter(|uid| !found.contains(uid)).collect();
    ensure!(
        lost.is_empty(),
        "{} parts for {} instances; missing {lost:?}",
        found.len(),
        stored.len()
    );
    ensure!(
        found == stored,
        "{} parts for {} instances; some twice or of another study",
        found.len(),
        stored.len()
    );
    Ok(())
}
