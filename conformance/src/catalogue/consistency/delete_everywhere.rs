//! What is gone is gone.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};
use crate::probe::presence::is_kept;

pub(crate) static CHECK: Check = Check {
    id: "x.delete-everywhere",
    title: "an instance deleted over HTTP is gone over DIMSE too, and from the counts",
    clauses: &[Clause::ps3_18("10.4"), Clause::ps3_4("C.4")],
    level: Level::Interop,
    needs: &[Need::Store, Need::CFind, Need::Delete],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.delete-web-only",
    sends: "DELETE of one of 2 instances, then C-FIND at IMAGE and STUDY level, and C-GET where it is offered",
    accepts: "the other instance alone, and 1 where a count is given",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;
    let [gone, left] = &study.instances[..] else {
        return Err(Finding::error("two instances were planned"));
    };
    let answer = web
        .request("DELETE", &gone.path(), &[("Accept", "*/*")], "".into())
        .await?;
    ensure!(
        (200..300).contains(&answer.status),
        "{} to DELETE of an instance",
        answer.summary()
    );
    let mut association = context.dimse()?.associate(&[STUDY_FIND]).await?;
    let keys = Keys::level("IMAGE")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .key(tags::SERIES_INSTANCE_UID, &left.series)
        .and(&[tags::SOP_INSTANCE_UID]);
    let found = association.find(STUDY_FIND, &keys).await?;
    let uids = found.values(tags::SOP_INSTANCE_UID);
    ensure!(
        uids == [left.uid.clone()],
        "{} matches by C-FIND after one of 2 was deleted",
        uids.len()
    );
    let count = tags::NUMBER_OF_STUDY_RELATED_INSTANCES;
    let keys = Keys::study(&study.uid).and(&[count]);
    let counts = association.find(STUDY_FIND, &keys).await?.values(count);
    ensure!(
        counts.iter().all(|count| count == "1"),
        "{counts:?} instances by C-FIND after one of 2 was deleted"
    );
    association.release().await?;
    let kept = is_kept(context, gone).await?;
    ensure!(!kept, "the deleted instance can still be had");
    Ok(())
}
