//! What is changed is changed over both protocols.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "x.warning-parity",
    title: "an instance that is changed is stored with the same warning over both protocols",
    clauses: &[Clause::ps3_18("I.2.1"), Clause::ps3_4("B.2.3")],
    level: Level::Interop,
    needs: &[Need::Store, Need::CStore, Need::Coerces],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.coerce-web-only",
    sends: "POST /studies of an instance, then POST /studies and C-STORE of two more of its study with another Patient ID",
    accepts: "B000H both ways",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(3).build();
    let other = context.data().study(2).build().patient_id;
    let [first, second, third] = &study.instances[..] else {
        return Err(Finding::error("three instances were planned"));
    };
    web.prepare_instances(&[first]).await?;
    let answer = web.store("/studies", &[&second.of_patient(&other)]).await?;
    let warned = Account::of(&answer)?.warned;
    let over_web: Vec<_> = warned.iter().map(|(_, reason)| *reason).collect();
    let mut association = context.dimse()?.associate(&[third.sop_class]).await?;
    let over_dimse = association.store(&third.of_patient(&other)).await?;
    association.release().await?;
    ensure!(
        over_web == [0xB000] && over_dimse == 0xB000,
        "warnings {over_web:04X?} over HTTP, {over_dimse:04X}H by C-STORE"
    );
    Ok(())
}
