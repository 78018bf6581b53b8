//! The same instance again.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "stow.repeat.idempotent",
    title: "an instance that is stored twice is there once",
    clauses: &[Clause::ps3_18("10.5.2")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.duplicates-row",
    sends: "POST /studies with the same instance twice, then a search for its instances and for its study",
    accepts: "2xx or 409 to the second, and one instance and one study found",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let answer = web.store("/studies", &[&study.instances[0]]).await?;
    ensure!(
        matches!(answer.status, 200..300 | 409),
        "{} to the second store",
        answer.summary()
    );
    for path in [
        format!("/studies/{}/instances", study.uid),
        format!("/studies?StudyInstanceUID={}", study.uid),
    ] {
        let rows = web.search(&path).await?.len();
        ensure!(
            rows == 1,
            "{}, and then {rows} rows to GET {path}",
            answer.status
        );
    }
    Ok(())
}
