//! What belongs to a higher level is returned where it is asked for.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::differences;

pub(crate) static CHECK: Check = Check {
    id: "qido.include.higher-level",
    title: "attributes of a higher level are returned when they are asked for",
    clauses: &[Clause::ps3_18("10.6.3.3.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.include-drops-higher",
    sends: "GET /studies/{study}/series?includefield=StudyDescription,PatientName",
    accepts: "each series row with both, as they were stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    web.prepare(&study).await?;
    let path = format!(
        "/studies/{}/series?includefield=StudyDescription,PatientName",
        study.uid
    );
    for row in web.listed(&path, tags::SERIES_INSTANCE_UID).await? {
        let keys = [tags::STUDY_DESCRIPTION, tags::PATIENT_NAME];
        let stored = &study.instances[0].data_set;
        let elements = keys
            .iter()
            .filter_map(|&tag| stored.element_opt(tag).ok().flatten());
        let different = differences(elements, &row);
        ensure!(different.is_empty(), "{}", different.join("; "));
    }
    Ok(())
}
