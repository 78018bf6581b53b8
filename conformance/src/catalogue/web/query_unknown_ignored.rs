//! A parameter that nobody knows.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "web.query.unknown-ignored",
    title: "unknown query parameters are ignored",
    clauses: &[Clause::ps3_18("8.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.unknown-param-400",
    sends: "GET /studies?PatientID={run}* over 2 studies, without and with xyzzy=1",
    accepts: "the stored set both times",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let studies = [1, 2].map(|n| context.data().study(n).build());
    for study in &studies {
        web.prepare(study).await?;
    }
    let stored = sorted(studies.iter().map(|study| study.uid.clone()));
    let path = format!("/studies?PatientID={}*", context.data().patient_prefix());
    for path in [path.clone(), format!("{path}&xyzzy=1")] {
        let rows = web.search(&path).await?;
        let found = sorted(
            rows.iter()
                .filter_map(|row| row.text(tags::STUDY_INSTANCE_UID)),
        );
        ensure!(
            found == stored,
            "{} of {} studies to GET {path}",
            found.len(),
            stored.len()
        );
    }
    Ok(())
}
