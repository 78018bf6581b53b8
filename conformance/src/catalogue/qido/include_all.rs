//! All that can be included is included by all.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::search::name;

pub(crate) static CHECK: Check = Check {
    id: "qido.include.all",
    title: "includefield=all returns every optional attribute of the level that the archive has",
    clauses: &[Clause::ps3_18("8.3.4.3"), Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.include-all-ignored",
    sends: "GET /studies?StudyInstanceUID={study}&includefield=all, after one request for each of 4 optional attributes",
    accepts: "every attribute that the archive returns when it is asked for it alone",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context
        .data()
        .study(1)
        .with(text(tags::PATIENT_AGE, "042Y"))
        .with(text(tags::REQUESTING_PHYSICIAN, "Anforderer^A"))
        .build();
    web.prepare(&study).await?;
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let supported = web.includable(&path).await?;
    if supported.is_empty() {
        return Err(Finding::NotObserved(
            "no optional attribute can be included".into(),
        ));
    }
    let row = web.row(&format!("{path}&includefield=all")).await?;
    let lost: Vec<_> = supported
        .iter()
        .filter(|&&tag| !row.has_value(tag))
        .map(|&tag| name(tag))
        .collect();
    ensure!(
        lost.is_empty(),
        "includefield=all without {} of {} that can be included",
        lost.join(", "),
        supported.len()
    );
    Ok(())
}
