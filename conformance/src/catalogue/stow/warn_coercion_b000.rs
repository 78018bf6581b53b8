//! What is changed is said to be changed.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.warn.coercion-b000",
    title: "an instance that is coerced is stored with warning B000H",
    clauses: &[Clause::ps3_18("I.2.1"), Clause::ps3_18("10.5.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Coerces],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.coerce-silently",
    sends: "POST /studies with an instance, then with one of the same study and another Patient ID",
    accepts: "202, and Warning Reason (0008,1196) B000H in its item",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare_instances(&[&study.instances[0]]).await?;
    let other = study.instances[1].of_patient(&format!("{}-OTHER", study.patient_id));
    let answer = web.store("/studies", &[&other]).await?;

    let account = Account::of(&answer)?;
    let expected = (other.uid.clone(), 0xB000);
    ensure!(
        answer.status == 202 && account.warned == [expected],
        "{} with {} stored and the warnings {:?}",
        answer.status,
        account.referenced.len(),
        account
            .warned
            .iter()
            .map(|(_, reason)| reason)
            .collect::<Vec<_>>()
    );
    Ok(())
}
