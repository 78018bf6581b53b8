//! Something is missing, and is stored all the same.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.warn.mismatch-b007",
    title: "an instance without a Type 1 element is stored with warning B007H",
    clauses: &[Clause::ps3_18("I.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Validates],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.mismatch-no-warning",
    sends: "POST /studies with 1 CT without Rows (0028,0010)",
    accepts: "202, stored with Warning Reason B007H; a refusal is another check",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let bad = study.instances[0].altered(|data_set| {
        data_set.remove_element(tags::ROWS);
    });
    let answer = web.store("/studies", &[&bad]).await?;
    let account = Account::of(&answer)?;
    if account.referenced.is_empty() && !account.failed.is_empty() {
        return Err(Finding::NotObserved(format!(
            "{}; it was refused",
            answer.status
        )));
    }
    let reason = account.warned.first().map(|(_, reason)| *reason);
    ensure!(
        answer.status == 202 && reason == Some(0xB007),
        "{} with Warning Reason {reason:?}",
        answer.status
    );
    Ok(())
}
