//! What was matched is told.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.return.match-keys",
    title: "an attribute that was matched is in the result",
    clauses: &[Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.match-key-not-returned",
    sends: "GET /studies?StudyDescription={description} over 2 studies",
    accepts: "a row with the Study Description that was asked for",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let description = format!("Knee{}", context.data().word());
    let study = context
        .data()
        .study(1)
        .with(text(tags::STUDY_DESCRIPTION, &description))
        .build();
    web.prepare(&study).await?;
    web.prepare(&context.data().study(2).build()).await?;
    let path = format!("/studies?StudyDescription={}", encoded(&description));
    let rows = web.listed(&path, tags::STUDY_INSTANCE_UID).await?;
    let row = rows
        .iter()
        .find(|row| row.text(tags::STUDY_INSTANCE_UID).as_ref() == Some(&study.uid));
    let Some(row) = row else {
        return Err(Finding::fail(format!(
            "{} rows, none for the study",
            rows.len()
        )));
    };
    let told = row.text(tags::STUDY_DESCRIPTION);
    ensure!(
        told.as_ref() == Some(&description),
        "Study Description is {told:?}, matched was {description:?}"
    );
    Ok(())
}
