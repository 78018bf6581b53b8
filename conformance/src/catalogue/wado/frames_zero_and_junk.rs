//! What is no frame number is refused.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.zero-and-junk",
    title: "frame numbers that cannot be are answered 400",
    clauses: &[Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-0-ok",
    sends: "GET /frames/0, -1, x, 1..2 and 1,,2",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    for list in ["0", "-1", "x", "1..2", "1,,2"] {
        let path = format!("{}/frames/{list}", study.instances[0].path());
        let answer = web.get(&path, OCTETS).await?;
        ensure!(
            answer.status == 400,
            "{} to /frames/{list}",
            answer.summary()
        );
    }
    Ok(())
}
