//! A body that ends inside a part.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.400.truncated",
    title: "a body that ends inside a part is not taken for a whole one",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("8.6.1.2.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.truncated-200",
    sends: "POST /studies with 2 instances, the body ending inside the second and without a close delimiter",
    accepts: "400, or 202 with a failure; the second instance is not listed as stored and cannot be retrieved",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let (first, second) = (&study.instances[0], &study.instances[1]);
    let upload = Upload::of(&[first, second]).cut(300);
    let answer = web.upload("/studies", &upload).await?;
    match answer.status {
        400 => {}
        202 => {
            let account = Account::of(&answer)?;
            ensure!(
                account.referenced == [first.uid.clone()] && !account.reasons().is_empty(),
                "202 with {} stored and {} failures",
                account.referenced.len(),
                account.reasons().len()
            );
        }
        _ => return Err(Finding::fail(answer.summary())),
    }
    if context.offers(Need::Retrieve) {
        let there = web.has(second).await?;
        ensure!(
            !there,
            "{}, and then the cut instance is there",
            answer.status
        );
    }
    web.prepare(&study).await
}
