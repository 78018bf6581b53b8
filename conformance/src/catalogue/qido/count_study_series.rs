//! The number of series of a study is the true one.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.count.study-series",
    title: "the number of series of a study is the true one",
    clauses: &[Clause::ps3_18("T10.6.3-3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.wrong-series-count",
    sends: "GET /studies?StudyInstanceUID={study} of a study of 3 series",
    accepts: "(0020,1206) is 3",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 2, 3]).build();
    web.prepare(&study).await?;

    let row = web
        .row(&format!("/studies?StudyInstanceUID={}", study.uid))
        .await?;
    let counted = row.number(tags::NUMBER_OF_STUDY_RELATED_SERIES);
    ensure!(
        counted == Some(3),
        "(0020,1206) is {counted:?} when 3 series are stored"
    );
    Ok(())
}
