//! Half a window is none.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.window.missing-400",
    title: "a window without its function, and one that is no window, are answered 400",
    clauses: &[Clause::ps3_18("8.3.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.window-two-values-ok",
    sends: "GET /rendered of an instance with window=100,200, window=100 and window=a,b,linear",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    for value in ["100,200", "100", "a,b,linear"] {
        let path = format!("{}/rendered?window={value}", study.instances[0].path());
        let answer = web.get(&path, "image/jpeg").await?;
        ensure!(
            answer.status == 400,
            "{} to window={value}",
            answer.summary()
        );
    }
    Ok(())
}
