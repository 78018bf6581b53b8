//! A list with a frame that is not there is not half answered.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::numbered::numbered;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.out-of-range",
    title: "frames beyond the last one are answered 404 or 400",
    clauses: &[Clause::ps3_18("10.4.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-range-clamped",
    sends: "GET /frames/4 and /frames/1,4 of an image of 3 frames",
    accepts: "404 or 400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(numbered(3)).build();
    web.prepare(&study).await?;

    for list in ["4", "1,4", "4294967296"] {
        let path = format!("{}/frames/{list}", study.instances[0].path());
        let answer = web.get(&path, OCTETS).await?;
        ensure!(
            matches!(answer.status, 400 | 404),
            "{} to /frames/{list} of 3",
            answer.summary()
        );
    }
    Ok(())
}
