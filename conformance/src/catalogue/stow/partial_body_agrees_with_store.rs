//! What a store response says is what the archive has.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::{Account, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "stow.partial.body-agrees-with-store",
    title: "instances listed as stored can be retrieved, those listed as failed cannot",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.claims-stored-but-not",
    sends: "POST /studies/{study} with 2 instances of that study and 2 of another, then GET of each",
    accepts: "200 and that instance for every one in ReferencedSOPSequence, 404 or 410 for every one in FailedSOPSequence",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let other = context.data().study(2).instances(2).build();
    let instances: Vec<_> = study.instances.iter().chain(&other.instances).collect();
    let answer = web
        .store(&format!("/studies/{}", study.uid), &instances)
        .await?;

    let account = Account::of(&answer)?;
    let failed = account.failed_uids();
    let mut judged = 0;
    for instance in instances {
        let retrieved = web.get(&instance.path(), DICOM_ANY).await?;
        if account.referenced.contains(&instance.uid) {
            ensure!(
                retrieved.status == 200,
                "{} for {}, which is listed as stored",
                retrieved.status,
                instance.uid
            );
            let parts = crate::probe::body::parts(retrieved.content_type(), &retrieved.body)?;
            ensure!(
                parts.len() == 1,
                "{} parts for {}, which is listed as stored",
                parts.len(),
                instance.uid
            );
            let found = File::read(&parts[0].content)?.sop_instance();
            ensure!(
                found.as_ref() == Some(&instance.uid),
                "{found:?} for {}, which is listed as stored",
                instance.uid
            );
            judged += 1;
        } else if failed.contains(&instance.uid) {
            let gone = matches!(retrieved.status, 404 | 410);
            ensure!(
                gone,
                "{} for {}, which is listed as failed",
                retrieved.status,
                instance.uid
            );
            judged += 1;
        }
    }
    ensure!(
        judged > 0,
        "{}; a store response that names none of the instances",
        answer.status
    );
    Ok(())
}
