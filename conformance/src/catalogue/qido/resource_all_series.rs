//! Series can be searched for across studies, and say which study they are of.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::{STUDY_KEYS, encoded, missing};

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.all-series",
    title: "GET /series finds series, each with the attributes of its study",
    clauses: &[Clause::ps3_18("10.6.1.1"), Clause::ps3_18("10.6.3.3.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Relational],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.all-series-no-study",
    sends: "GET /series?PatientID={patient} over 2 studies of a patient",
    accepts: "200 and a row for each series, with the attributes of a study row",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let data = context.data();
    let first = data.study(1).series(&[1, 1]).build();
    let second = data
        .study(2)
        .patient_id(&first.patient_id)
        .patient_name("Same^Patient")
        .build();
    web.prepare(&first).await?;
    web.prepare(&second).await?;
    let path = format!("/series?PatientID={}", encoded(&first.patient_id));
    let stored = sorted(first.series().into_iter().chain(second.series()));
    web.finds(&path, tags::SERIES_INSTANCE_UID, &stored).await?;
    for row in web.search(&path).await? {
        let absent = missing(&row, &STUDY_KEYS);
        ensure!(
            absent.is_empty(),
            "a row without {} of GET {path}",
            absent.join(", ")
        );
        let series = row.text(tags::SERIES_INSTANCE_UID).unwrap_or_default();
        let study = if first.series().contains(&series) {
            &first
        } else {
            &second
        };
        let said = row.text(tags::STUDY_INSTANCE_UID).unwrap_or_default();
        ensure!(
            said == study.uid,
            "series {series} with the study {said:?}, not {}",
            study.uid
        );
    }
    Ok(())
}
