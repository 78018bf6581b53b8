//! Status and body say the same.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.status.agrees-with-body",
    title: "the status of a store follows from what became of the instances",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.409-with-stored",
    sends: "POST /studies/{study} with 2 good instances, with 1 good and 1 of another study, with 1 of another study, with 1 good and 1 part of noise",
    accepts: "200 with no failure and no warning, 202 with something stored and something not as sent, 4xx with nothing stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(4).build();
    let other = context.data().study(2).instances(2).build();
    let path = format!("/studies/{}", study.uid);
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| &study.instances[n]);
    let uploads = [
        Upload::of(&[a, b]),
        Upload::of(&[c, &other.instances[0]]),
        Upload::of(&[&other.instances[1]]),
        Upload::of(&[d]).part(vec![0x5A; 300]),
    ];
    let mut seen = Vec::new();
    for upload in &uploads {
        let answer = web.upload(&path, upload).await?;
        let Ok(account) = Account::of(&answer) else {
            ensure!(
                answer.status >= 400,
                "{} without a store response",
                answer.summary()
            );
            continue;
        };
        let stored = account.referenced.len();
        let failed = account.failed.len() + account.other.len();
        let warned = account.warned.len();
        let agrees = match answer.status {
            200 => stored > 0 && failed + warned == 0,
            202 => stored > 0 && failed + warned > 0,
            400.. => stored == 0,
            _ => false,
        };
        ensure!(
            agrees,
            "{} with {stored} stored, {warned} of them with a warning, and {failed} failed",
            answer.status
        );
        seen.push(answer.status);
    }
    ensure!(
        seen.contains(&200),
        "{seen:?}, and no 200 to good instances"
    );
    Ok(())
}
