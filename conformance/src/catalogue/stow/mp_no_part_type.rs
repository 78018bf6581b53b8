//! A part that does not say what it is.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.no-part-type",
    title: "a part without a Content-Type is taken for what the body says, or refused",
    clauses: &[Clause::ps3_18("8.6.1.2"), Clause::ps3_18("T8.6.1-1")],
    level: Level::Should,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::Robust],
    fault: "mp.no-part-type-500",
    sends: "POST /studies with 2 parts without any header field",
    accepts: "200 with both stored, or 400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let upload = Upload::of(&instances).part_head("");
    let answer = web.upload("/studies", &upload).await?;
    match answer.status {
        200 => {
            let listed = sorted(Account::of(&answer)?.referenced);
            ensure!(
                listed == study.uids(),
                "200 with {} of 2 stored",
                listed.len()
            );
            Ok(())
        }
        400 => web.prepare(&study).await,
        _ => Err(Finding::fail(answer.summary())),
    }
}
