//! An archive that keeps patients apart says so.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.conflict.reported",
    title: "an instance of another patient than its study fails with a reason, where that is claimed",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Should,
    needs: &[Need::Store, Need::Retrieve, Need::Consistency],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.conflict-200",
    sends: "POST /studies with an instance, then with one of the same study and another Patient ID",
    accepts: "202 or 409 with a Failure Reason, and the second is not stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare_instances(&[&study.instances[0]]).await?;
    let other = study.instances[1].of_patient(&format!("{}-OTHER", study.patient_id));
    let answer = web.store("/studies", &[&other]).await?;
    ensure!(matches!(answer.status, 202 | 409), "{}", answer.summary());
    let account = Account::of(&answer)?;
    ensure!(
        matches!(&account.failed[..], [(uid, Some(_))] if *uid == other.uid),
        "{} with {} failures, {} with a reason",
        answer.status,
        account.failed.len(),
        account.reasons().iter().flatten().count()
    );
    let there = web.has(&other).await?;
    ensure!(!there, "{}, and then the instance is there", answer.status);
    Ok(())
}
