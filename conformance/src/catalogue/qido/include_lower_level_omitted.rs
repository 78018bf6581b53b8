//! What belongs to a lower level is not in a row.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.include.lower-level-omitted",
    title: "attributes of a lower level are not returned, whoever asks for them",
    clauses: &[Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.include-leaks-lower",
    sends: "GET /studies?StudyInstanceUID={study}&includefield=Modality&includefield=SOPInstanceUID and GET /studies/{study}/series?includefield=InstanceNumber",
    accepts: "rows without these attributes",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    web.prepare(&study).await?;
    let row = web
        .row(&format!(
            "/studies?StudyInstanceUID={}&includefield=Modality&includefield=SOPInstanceUID",
            study.uid
        ))
        .await?;
    for (name, tag) in [
        ("Modality", tags::MODALITY),
        ("SOPInstanceUID", tags::SOP_INSTANCE_UID),
    ] {
        ensure!(row.attribute(tag).is_none(), "a study row with {name}");
    }
    let path = format!("/studies/{}/series?includefield=InstanceNumber", study.uid);
    for row in web.listed(&path, tags::SERIES_INSTANCE_UID).await? {
        ensure!(
            row.attribute(tags::INSTANCE_NUMBER).is_none(),
            "a series row with InstanceNumber"
        );
    }
    Ok(())
}
