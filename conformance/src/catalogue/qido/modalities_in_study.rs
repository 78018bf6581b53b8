//! The modalities of a study are those of its series.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.modalities-in-study",
    title: "Modalities in Study has each modality of the study once",
    clauses: &[Clause::ps3_18("T10.6.3-3"), Clause::ps3_4("C.3.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.first-modality-only",
    sends: "GET /studies?StudyInstanceUID={study} of a study with two CT series, an SR and a SEG",
    accepts: "(0008,0061) is CT, SEG and SR, in any order",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1, 1, 1]);
    let study = study.series_class(2, uids::BASIC_TEXT_SR_STORAGE);
    let study = study.series_class(3, uids::SEGMENTATION_STORAGE).build();
    web.prepare(&study).await?;
    let row = web
        .row(&format!("/studies?StudyInstanceUID={}", study.uid))
        .await?;
    let told = sorted(row.texts(tags::MODALITIES_IN_STUDY));
    ensure!(told == ["CT", "SEG", "SR"], "(0008,0061) is {told:?}");
    Ok(())
}
