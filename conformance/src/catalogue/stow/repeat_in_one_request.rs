//! The same instance twice in one body.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.repeat.in-one-request",
    title: "an instance that comes twice in one request is accounted for twice and stored once",
    clauses: &[Clause::ps3_18("I.1")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::Robust],
    fault: "stow.dup-part-lost",
    sends: "POST /studies with the same instance in two parts",
    accepts: "two items in the response, stored or failed, and one instance found",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let answer = web.store("/studies", &[instance, instance]).await?;
    let account = Account::of(&answer)?;
    let listed = account.referenced.len() + account.reasons().len();
    ensure!(
        listed == 2 && !account.referenced.is_empty(),
        "{} with {} items stored and {} failed for 2 parts",
        answer.status,
        account.referenced.len(),
        account.reasons().len()
    );
    let path = format!("/studies/{}/instances", study.uid);
    let rows = web.search(&path).await?.len();
    ensure!(
        rows == 1,
        "{}, and then {rows} instances found",
        answer.status
    );
    Ok(())
}
