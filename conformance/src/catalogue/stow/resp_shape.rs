//! One data set is one object.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.resp.shape",
    title: "a store response in JSON is one data set",
    clauses: &[Clause::ps3_18("F.2.1"), Clause::ps3_18("F.2.2")],
    level: Level::Interop,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.resp-bare-string",
    sends: "POST /studies with 2 instances",
    accepts: "an object, or an array of one",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    let listed = Account::of(&answer)?.referenced.len();
    ensure!(listed == 2, "a response with {listed} of 2 instances");
    Ok(())
}
