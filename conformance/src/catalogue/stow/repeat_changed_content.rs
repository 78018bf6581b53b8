//! The same UID with other pixels.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::Account;
use crate::statement::Duplicate;

pub(crate) static CHECK: Check = Check {
    id: "stow.repeat.changed-content",
    title: "what is kept of two instances with one UID is what the response says",
    clauses: &[Clause::ps3_18("10.5.2")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.overwrite-claims-kept",
    sends: "POST /studies with an instance, then with one of the same UID and other pixels",
    accepts: "a failure, and the first is still there; or success, and one of the two is there, whole; what a statement declares, where there is one",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let first = &study.instances[0];
    web.prepare(&study).await?;
    let second = first.inverted();
    let answer = web.store("/studies", &[&second]).await?;
    let refused = Account::of(&answer).is_ok_and(|account| account.referenced.is_empty());
    ensure!(
        matches!(answer.status, 200..300 | 409),
        "{} to the second store",
        answer.summary()
    );
    let old = web.gives_back(first).await.is_ok();
    let new = web.gives_back(&second).await.is_ok();
    ensure!(
        old != new,
        "{}, and then neither the first nor the second is there",
        answer.status
    );
    let declared = match context.duplicate() {
        None => true,
        Some(Duplicate::Ignore) => old,
        Some(Duplicate::Replace) => new && !refused,
        Some(Duplicate::Reject) => old && refused,
    };
    ensure!(
        declared,
        "{} with {} and then the {} is there, which is not what is declared",
        answer.status,
        if refused { "a failure" } else { "success" },
        if old { "first" } else { "second" }
    );
    ensure!(
        !(refused && new),
        "{} with a failure, and then the first is gone",
        answer.status
    );
    Ok(())
}
