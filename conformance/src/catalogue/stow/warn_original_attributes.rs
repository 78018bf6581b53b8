//! What was changed can be looked up.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "stow.warn.original-attributes",
    title: "a coerced instance holds the values that it had before",
    clauses: &[Clause::ps3_18("10.5.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve, Need::Coerces],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.coerce-no-original",
    sends: "POST /studies with an instance, then with one of the same study and another Patient ID, then GET of its metadata",
    accepts: "the Patient ID of the study, and the one that was sent in OriginalAttributesSequence (0400,0561)",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare_instances(&[&study.instances[0]]).await?;
    let other = study.instances[1].of_patient(&format!("{}-OTHER", study.patient_id));
    let answer = web.store("/studies", &[&other]).await?;

    ensure!((200..300).contains(&answer.status), "{}", answer.summary());
    let path = format!("{}/metadata", other.path());
    let answer = web.get(&path, JSON).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let rows = Row::all(&answer.body)?;
    let Some(row) = rows.first() else {
        return Err(Finding::fail("metadata without a data set"));
    };
    let kept = row.text(tags::PATIENT_ID);
    ensure!(
        kept.as_ref() == Some(&study.patient_id),
        "Patient ID {kept:?}"
    );
    let originals = row.items(tags::ORIGINAL_ATTRIBUTES_SEQUENCE);
    let values: Vec<_> = (originals.iter())
        .flat_map(|item| item.items(tags::MODIFIED_ATTRIBUTES_SEQUENCE))
        .filter_map(|item| item.text(tags::PATIENT_ID))
        .collect();
    let sent = format!("{}-OTHER", study.patient_id);
    ensure!(
        values == [sent],
        "{} items in OriginalAttributesSequence, with the Patient IDs {values:?}",
        originals.len()
    );
    Ok(())
}
