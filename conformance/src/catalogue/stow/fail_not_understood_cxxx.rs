//! A data set of noise behind a good head.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.not-understood-cxxx",
    title: "an instance that cannot be understood fails alone, with a reason that says so",
    clauses: &[Clause::ps3_18("I.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.corrupt-500",
    sends: "POST /studies with 1 good instance and 1 whose file meta information is good and whose data set is noise",
    accepts: "202, the good one stored, and one failure with C000H to CFFFH or 0110H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let (good, bad) = (&study.instances[0], &study.instances[1]);
    let upload = Upload::of(&[good]).part(bad.corrupt());
    let answer = web.upload("/studies", &upload).await?;
    ensure!(answer.status == 202, "{}", answer.summary());
    let account = Account::of(&answer)?;
    ensure!(
        account.referenced == [good.uid.clone()],
        "202 with {} instances listed as stored",
        account.referenced.len()
    );
    let reasons = account.reasons();
    ensure!(
        matches!(reasons[..], [Some(0x0110 | 0xC000..=0xCFFF)]),
        "202 with the reasons {reasons:?}"
    );
    let names_another = account.failed.iter().any(|(uid, _)| *uid != bad.uid);
    ensure!(!names_another, "202 with a failure of another instance");
    Ok(())
}
