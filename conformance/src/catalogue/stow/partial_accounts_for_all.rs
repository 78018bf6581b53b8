//! Every instance that was sent is in the response, once.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.partial.accounts-for-all",
    title: "a store response accounts for every instance exactly once",
    clauses: &[Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.lose-one-silently",
    sends: "POST /studies/{study} with 5 instances of that study and 3 of another, shuffled",
    accepts: "ReferencedSOPSequence and FailedSOPSequence disjoint, together the 8 sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(5).build();
    let other = context.data().study(2).instances(3).build();
    let mut instances: Vec<_> = study.instances.iter().chain(&other.instances).collect();
    context.dice().shuffle(&mut instances);
    let answer = web
        .store(&format!("/studies/{}", study.uid), &instances)
        .await?;

    let account = Account::of(&answer)?;
    let listed = sorted(
        account
            .referenced
            .iter()
            .cloned()
            .chain(account.failed_uids()),
    );
    let sent = sorted(instances.iter().map(|instance| instance.uid.clone()));
    let missing: Vec<_> = sent.iter().filter(|uid| !listed.contains(uid)).collect();
    ensure!(
        missing.is_empty(),
        "{}; not listed at all: {missing:?}",
        answer.status
    );
    let unknown: Vec<_> = listed.iter().filter(|uid| !sent.contains(uid)).collect();
    ensure!(
        unknown.is_empty(),
        "{}; listed, but not sent: {unknown:?}",
        answer.status
    );
    let twice: Vec<_> = listed
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| &pair[0])
        .collect();
    ensure!(
        twice.is_empty(),
        "{}; listed more than once: {twice:?}",
        answer.status
    );
    Ok(())
}
