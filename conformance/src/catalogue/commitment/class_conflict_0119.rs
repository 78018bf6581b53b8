//! A promise is about an instance of its class.

use std::collections::BTreeMap;

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::commitment::{FAILURES_EXIST, commit};

pub(crate) static CHECK: Check = Check {
    id: "sc.class-conflict-0119",
    title: "an instance of another class than is asked for fails with 0119H",
    clauses: &[Clause::ps3_3("C.14.1.1"), Clause::ps3_4("J.3.3.1.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "sc.ignores-class",
    sends: "N-ACTION for a CT image stored, named as an MR image, waiting for the N-EVENT-REPORT on the same association or a new one",
    accepts: "event type 2, the instance failed with 0119H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    context.dimse()?.prepare(&study).await?;
    let transaction = format!("{}.1", study.uid);
    let asked = study.instances[0].of_class(uids::MR_IMAGE_STORAGE);
    let failed = BTreeMap::from([(asked.uid.clone(), Some(0x0119))]);
    let reported = commit(context, &transaction, &[asked]).await?;
    ensure!(
        reported.event_type == Some(FAILURES_EXIST)
            && reported.committed.is_empty()
            && reported.failed == failed,
        "{} of 1 instance named with another class",
        reported.words()
    );
    Ok(())
}
