//! Keys in an item.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.sequence",
    title: "a key in a sequence matches item by item, and its items come back as asked for",
    clauses: &[Clause::ps3_4("C.2.2.2.6")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.seq-ignored",
    sends: "C-FIND at SERIES level with a Scheduled Procedure Step ID in Request Attributes Sequence, over 2 series",
    accepts: "the one series, with one item that has only the key asked for",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let step = Keys::none().key(tags::SCHEDULED_PROCEDURE_STEP_ID, "SPS2");
    let keys = Keys::level("SERIES")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .and(&[tags::SERIES_INSTANCE_UID])
        .item(tags::REQUEST_ATTRIBUTES_SEQUENCE, step);
    let found = association.find(STUDY_FIND, &keys).await?;
    if found.pending.iter().any(|it| it.outcome.status.0 == 0xFF01) {
        // The sequence is an optional key, and so the archive says that it has no such key.
        return Err(Finding::NotObserved("the key is not supported".into()));
    }
    let series = found.values(tags::SERIES_INSTANCE_UID);
    ensure!(
        series == [study.series()[1].clone()],
        "{} of 2 series for a key that fits one",
        series.len()
    );
    let Some(Some(only)) = found.matches.first() else {
        return Err(Finding::fail("a match without an identifier"));
    };
    let items = only.items(tags::REQUEST_ATTRIBUTES_SEQUENCE)?;
    let [item] = &items[..] else {
        return Err(Finding::fail(format!(
            "{} items in Request Attributes Sequence",
            items.len()
        )));
    };
    let step = item.text(tags::SCHEDULED_PROCEDURE_STEP_ID);
    ensure!(
        step.as_deref() == Some("SPS2") && item.tags() == [tags::SCHEDULED_PROCEDURE_STEP_ID],
        "an item with step {step:?} and {} attributes",
        item.tags().len()
    );
    association.release().await
}
