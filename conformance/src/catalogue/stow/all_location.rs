//! Whoever makes a study is told where it is.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.all.location",
    title: "a store that makes a study says where it is",
    clauses: &[Clause::ps3_18("10.5.3.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.no-location",
    sends: "POST /studies with 2 instances of a new study",
    accepts: "Location and Content-Location with the 2xx",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    for name in ["Location", "Content-Location"] {
        let value = answer
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok());
        ensure!(
            value.is_some_and(|value| !value.is_empty()),
            "{} without {name}",
            answer.status
        );
    }
    let listed = Account::of(&answer)?.referenced.len();
    ensure!(listed == 2, "{} and {listed} of 2 instances", answer.status);
    Ok(())
}
