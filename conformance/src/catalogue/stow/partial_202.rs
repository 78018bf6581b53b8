//! Some stored, some refused: 202.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::{Account, Answer, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "stow.partial.202",
    title: "a store of which only a part succeeds is answered 202",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("I.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.partial-200",
    sends: "POST /studies/{study} with 1 instance of that study and 1 of another",
    accepts: "202 with FailedSOPSequence naming the second",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let (study, other) = (
        context.data().study(1).build(),
        context.data().study(2).build(),
    );
    let (first, second) = (&study.instances[0], &other.instances[0]);
    let answer = web
        .store(&format!("/studies/{}", study.uid), &[first, second])
        .await?;

    let listed = describe(&answer, &first.uid, &second.uid);
    if answer.status == 202 {
        let failed = Account::of(&answer)?.failed_uids();
        ensure!(failed.contains(&second.uid), "202; {listed}");
        return Ok(());
    }
    let kept = match web.get(&first.path(), DICOM_ANY).await {
        Ok(retrieved) if retrieved.status == 200 => "can be retrieved",
        _ => "cannot be retrieved",
    };
    ensure!(
        answer.status == 202,
        "{}; {listed}; the first {kept}",
        answer.status
    );
    Ok(())
}

fn describe(answer: &Answer, first: &str, second: &str) -> String {
    let Ok(account) = Account::of(answer) else {
        return "no store response".into();
    };
    let fate = |uid: &str| match (
        account.referenced.iter().any(|it| it == uid),
        account.failed_uids().iter().any(|it| it == uid),
    ) {
        (true, false) => "stored",
        (false, true) => "failed",
        (true, true) => "both stored and failed",
        (false, false) => "nothing",
    };
    format!(
        "the first instance is listed as {}, the second as {}",
        fate(first),
        fate(second)
    )
}
