//! Instances can be searched for across studies, and say what they are of.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::{SERIES_KEYS, STUDY_KEYS, encoded, missing};

pub(crate) static CHECK: Check = Check {
    id: "qido.resource.all-instances",
    title: "GET /instances finds instances, each with the attributes of its study and series",
    clauses: &[Clause::ps3_18("10.6.1.1"), Clause::ps3_18("10.6.3.3.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Relational],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.all-instances-bare",
    sends: "GET /instances?PatientID={patient} over a study of 2 series",
    accepts: "200 and a row for each instance, with the attributes of a study row and of a series row",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[2, 1]).build();
    web.prepare(&study).await?;
    let path = format!("/instances?PatientID={}", encoded(&study.patient_id));
    web.finds(&path, tags::SOP_INSTANCE_UID, &study.uids())
        .await?;
    for row in web.search(&path).await? {
        let mut absent = missing(&row, &STUDY_KEYS);
        absent.extend(missing(&row, &SERIES_KEYS));
        ensure!(
            absent.is_empty(),
            "a row without {} of GET {path}",
            absent.join(", ")
        );
        let uid = row.text(tags::SOP_INSTANCE_UID).unwrap_or_default();
        let stored = study.instances.iter().find(|instance| instance.uid == uid);
        let said = row.text(tags::SERIES_INSTANCE_UID);
        ensure!(
            stored.map(|instance| &instance.series) == said.as_ref(),
            "instance {uid} with the series {said:?}"
        );
    }
    Ok(())
}
