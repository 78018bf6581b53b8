//! The number of instances of a study is the true one, also after the study has grown.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "qido.count.study-instances",
    title: "Number of Study Related Instances is right, and stays right",
    clauses: &[Clause::ps3_18("T10.6.3-3"), Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.stale-instance-count",
    sends: "GET /studies?StudyInstanceUID={study} after a store of 3 instances, and again after 2 more",
    accepts: "(0020,1208) is 3, then 5",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[3, 2]).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let (first, second) = instances.split_at(3);
    let mut real = 0;
    for batch in [first, second] {
        web.prepare_instances(batch).await?;
        real += batch.len();
        let rows = web
            .search(&format!("/studies?StudyInstanceUID={}", study.uid))
            .await?;
        ensure!(rows.len() == 1, "{} rows for one study", rows.len());
        let counted = rows[0].number(tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
        let text = counted.map_or("absent".to_owned(), |number| number.to_string());
        ensure!(
            counted == i64::try_from(real).ok(),
            "(0020,1208) is {text} when {real} are stored"
        );
    }
    Ok(())
}
