//! Nothing stored: 409.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.none.409",
    title: "a store of which nothing succeeds is answered 409",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.none-stored-200",
    sends: "POST /studies/{study} with 2 instances of another study",
    accepts: "409, both in FailedSOPSequence, and neither is found",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let other = context.data().study(2).instances(2).build();
    let path = format!("/studies/{}", study.uid);
    let instances: Vec<_> = other.instances.iter().collect();
    let answer = web.store(&path, &instances).await?;
    ensure!(answer.status == 409, "{}", answer.summary());
    let account = Account::of(&answer)?;
    let failed = sorted(account.failed_uids());
    ensure!(
        failed == other.uids() && account.referenced.is_empty(),
        "409 with {} of 2 instances failed and {} stored",
        failed.len(),
        account.referenced.len()
    );
    let found = web
        .search(&format!("/studies?StudyInstanceUID={}", other.uid))
        .await?;
    ensure!(found.is_empty(), "409, and then the study is found");
    Ok(())
}
