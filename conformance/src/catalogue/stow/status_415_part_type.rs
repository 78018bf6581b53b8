//! A part that says that it is something else.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.415.part-type",
    title: "a part of another media type than declared is not stored",
    clauses: &[Clause::ps3_18("10.5.4"), Clause::ps3_18("8.6.1.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.part-type-ignored",
    sends: "POST /studies with 1 good part and 1 whose Content-Type is application/pdf",
    accepts: "400, 409 or 415, or 202 with one failure; the second is not stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let (good, other) = (&study.instances[0], &study.instances[1]);
    let upload = Upload::of(&[good]).part_with("Content-Type: application/pdf", other.file.clone());
    let answer = web.upload("/studies", &upload).await?;
    match answer.status {
        400 | 409 | 415 => {}
        202 => {
            let account = Account::of(&answer)?;
            ensure!(
                account.referenced == [good.uid.clone()] && account.reasons().len() == 1,
                "202 with {} stored and {} failures",
                account.referenced.len(),
                account.reasons().len()
            );
        }
        _ => return Err(Finding::fail(answer.summary())),
    }
    if context.offers(Need::Retrieve) {
        let there = web.has(other).await?;
        ensure!(!there, "{}, and then the part is stored", answer.status);
    }
    web.prepare(&study).await
}
