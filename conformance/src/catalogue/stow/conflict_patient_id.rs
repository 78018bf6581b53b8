//! One study under two patients.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.conflict.patient-id",
    title: "a study whose instances name two patients is listed once",
    clauses: &[Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.conflict-splits-study",
    sends: "POST /studies with an instance, then with one of the same study and another Patient ID, then a search for the study",
    accepts: "the second refused or stored, and one study found either way",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare_instances(&[&study.instances[0]]).await?;
    let other = study.instances[1].of_patient(&format!("{}-OTHER", study.patient_id));
    let answer = web.store("/studies", &[&other]).await?;
    let account = Account::of(&answer)?;
    ensure!(
        account.referenced.len() + account.failed.len() == 1,
        "{}; the instance is neither stored nor failed",
        answer.status
    );
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let rows = web.search(&path).await?.len();
    ensure!(
        rows == 1,
        "{}, and then {rows} studies found",
        answer.status
    );
    Ok(())
}
