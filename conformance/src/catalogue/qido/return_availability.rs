//! What a row says of availability is one of the terms, and true.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "qido.return.availability",
    title: "Instance Availability is a defined term, and ONLINE is true",
    clauses: &[Clause::ps3_18("T10.6.3-3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.availability-junk",
    sends: "the rows of a study, its series and an instance, and GET of the instance",
    accepts: "where (0008,0056) is there: ONLINE, NEARLINE, OFFLINE or UNAVAILABLE; what is ONLINE can be retrieved",
    run: |context| Box::pin(run(context)),
};

const TERMS: [&str; 4] = ["ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE"];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let series = &study.instances[0].series;
    let mut said = Vec::new();
    for path in [
        format!("/studies?StudyInstanceUID={}", study.uid),
        format!("/studies/{}/series", study.uid),
        format!("/studies/{}/series/{series}/instances", study.uid),
    ] {
        let row = web.row(&path).await?;
        if row.attribute(tags::INSTANCE_AVAILABILITY).is_none() {
            continue;
        }
        let term = row.text(tags::INSTANCE_AVAILABILITY).unwrap_or_default();
        ensure!(
            TERMS.contains(&term.as_str()),
            "(0008,0056) is {term:?} in GET {path}"
        );
        said.push(term);
    }
    if said.is_empty() {
        return Err(Finding::NotObserved(
            "no row has Instance Availability".into(),
        ));
    }
    if context.offers(Need::Retrieve) && said.iter().any(|term| term == "ONLINE") {
        let path = study.instances[0].path();
        let status = web.get(&path, DICOM_ANY).await?.status;
        ensure!(status == 200, "ONLINE, and then {status} to GET {path}");
    }
    Ok(())
}
