//! Noise next to a good instance.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.unreadable-part",
    title: "a part that cannot be read is listed in OtherFailuresSequence, and others are stored",
    clauses: &[Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.garbage-fails-all",
    sends: "POST /studies with 1 good instance and 1 part of noise",
    accepts: "202, the good one stored, and one item with a reason in OtherFailuresSequence (0008,119A)",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let good = &study.instances[0];
    let upload = Upload::of(&[good]).part(vec![0x5A; 700]);
    let answer = web.upload("/studies", &upload).await?;
    ensure!(answer.status == 202, "{}", answer.summary());
    let account = Account::of(&answer)?;
    ensure!(
        account.referenced == [good.uid.clone()],
        "202 with {} instances listed as stored",
        account.referenced.len()
    );
    ensure!(
        matches!(account.other[..], [Some(_)]),
        "202 with {} items in OtherFailuresSequence, {} with a reason",
        account.other.len(),
        account.other.iter().flatten().count()
    );
    if context.offers(Need::Retrieve) {
        web.gives_back(good)
            .await
            .map_err(|finding| finding.after("202"))?;
    }
    Ok(())
}
