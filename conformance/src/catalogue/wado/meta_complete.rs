//! Metadata is the whole data set, not what an index happens to know.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::{Row, differences};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.complete",
    title: "metadata has every attribute, nested and private ones too",
    clauses: &[Clause::ps3_18("10.4.3.3.2"), Clause::ps3_18("10.4.1.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.meta-index-only",
    sends: "GET /studies/{study}/metadata of 2 instances with nested sequences and private elements",
    accepts: "an object for each instance with every stored attribute and its value, bulk data by value or by reference",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;

    let answer = web
        .get(&format!("/studies/{}/metadata", study.uid), JSON)
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let rows = Row::all(&answer.body)?;
    for instance in &study.instances {
        let row = rows
            .iter()
            .find(|row| row.text(tags::SOP_INSTANCE_UID).as_ref() == Some(&instance.uid));
        let Some(row) = row else {
            return Err(Finding::fail(format!(
                "{} objects, none for instance {}",
                rows.len(),
                instance.uid
            )));
        };
        let different = differences(&instance.data_set, row);
        let first = different
            .iter()
            .take(3)
            .cloned()
            .collect::<Vec<_>>()
            .join("; ");
        ensure!(
            different.is_empty(),
            "{} differences: {first}",
            different.len()
        );
    }
    ensure!(
        rows.len() == study.instances.len(),
        "{} objects for 2 instances",
        rows.len()
    );
    Ok(())
}
