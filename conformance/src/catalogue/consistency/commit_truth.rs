//! Committed is kept.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::commitment::{Reported, commit};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "x.commit-truth",
    title: "every instance that was committed can be retrieved",
    clauses: &[Clause::ps3_4("J.3"), Clause::ps3_18("13")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Commit, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "x.commit-lies",
    sends: "N-ACTION for 2 instances stored and one that was not, waiting for the N-EVENT-REPORT on the same association or a new one",
    accepts: "0000H; the two committed and the third failed, and 200 for each committed one over HTTP",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(3).build();
    dimse.prepare_instances(&study.instances[..2]).await?;
    let transaction = format!("{}.424242", study.uid);
    let Reported {
        committed, failed, ..
    } = commit(context, &transaction, &study.instances).await?;
    let web = context.web()?;
    for uid in &committed {
        let instance = study.instances.iter().find(|it| it.uid == *uid);
        let Some(instance) = instance else {
            return Err(Finding::fail("an instance committed that nobody asked for"));
        };
        let answer = web.get(&instance.path(), DICOM_ANY).await?;
        ensure!(
            answer.status == 200,
            "committed, and then {} to its GET",
            answer.summary()
        );
    }
    ensure!(
        committed.len() == 2 && failed.keys().eq([&study.instances[2].uid]),
        "{} committed and {} failed, of 2 stored and 1 not",
        committed.len(),
        failed.len()
    );
    Ok(())
}
