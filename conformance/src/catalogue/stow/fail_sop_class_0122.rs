//! A SOP class that is not taken.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::image_class;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.sop-class-0122",
    title: "an instance of an unsupported SOP class fails with 0122H",
    clauses: &[Clause::ps3_18("I.2.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::SopClassLimit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.fail-reason-0110",
    sends: "POST /studies with 1 instance of the SOP class that is claimed to be unsupported and 1 CT",
    accepts: "the first in FailedSOPSequence with Failure Reason 0122H (290)",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let Some(class) = context.claimed(Need::SopClassLimit).and_then(image_class) else {
        return Err(Finding::NotApplicable(
            "no image of the claimed SOP class can be made here".into(),
        ));
    };
    let study = context.data().study(1).instances(2).build();
    let bad = study.instances[1].of_class(class);
    let answer = web.store("/studies", &[&study.instances[0], &bad]).await?;
    let account = Account::of(&answer)?;
    let failed = account.failed.iter().find(|(uid, _)| *uid == bad.uid);
    ensure!(
        account.referenced == [study.instances[0].uid.clone()],
        "{}; {} instances listed as stored, not the good one alone",
        answer.status,
        account.referenced.len()
    );
    let reason = failed.and_then(|(_, reason)| *reason);
    ensure!(
        reason == Some(0x0122),
        "{}; Failure Reason {reason:?} for the instance of class {class}",
        answer.status
    );
    Ok(())
}
