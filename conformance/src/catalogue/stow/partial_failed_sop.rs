//! What failed is listed, with a reason.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "stow.partial.failed-sop",
    title: "FailedSOPSequence names exactly the failed instance, its class and why",
    clauses: &[Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.partial-no-failed-seq",
    sends: "POST /studies/{study} with 1 instance of that study and 1 of another",
    accepts: "one item with the UID and class of the second and a Failure Reason (0008,1197) of VR US",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let other = context.data().study(2).build();
    let (good, bad) = (&study.instances[0], &other.instances[0]);
    let path = format!("/studies/{}", study.uid);
    let answer = web.store(&path, &[good, bad]).await?;
    let items = Row::one(&answer.body)?.items(tags::FAILED_SOP_SEQUENCE);
    ensure!(
        items.len() == 1,
        "{} with {} items in FailedSOPSequence",
        answer.status,
        items.len()
    );
    let uid = items[0].text(tags::REFERENCED_SOP_INSTANCE_UID);
    let class = items[0].text(tags::REFERENCED_SOP_CLASS_UID);
    ensure!(
        uid.as_ref() == Some(&bad.uid) && class.as_deref() == Some(bad.sop_class),
        "an item for instance {uid:?} of class {class:?}"
    );
    let reason = items[0].attribute(tags::FAILURE_REASON);
    let vr = reason.and_then(|reason| reason["vr"].as_str());
    ensure!(
        vr == Some("US") && items[0].number(tags::FAILURE_REASON).is_some(),
        "an item with the reason {reason:?}"
    );
    Ok(())
}
