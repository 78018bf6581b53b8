//! What is black and what is white is what was asked for.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::ramp::{RAMP_EDGE, ramp, ramp_value};
use crate::outcome::{Verdict, ensure};
use crate::probe::window::linear;

pub(crate) static CHECK: Check = Check {
    id: "rend.window.applied",
    title: "a window is applied to the values after the rescale",
    clauses: &[Clause::ps3_18("8.3.5.1.4"), Clause::ps3_3("C.11.2.1.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.window-ignored",
    sends: "GET /rendered of a ramp of 4096 values from -1024 on as PNG with window=40,400,linear and window=1000,2000,linear",
    accepts: "each pixel within 1 of the linear function of PS3.3 C.11.2.1.2.1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(ramp()).build();
    web.prepare(&study).await?;

    for (center, width) in [(40.0, 400.0), (1000.0, 2000.0)] {
        let window = format!("{center},{width},linear");
        let path = format!("{}/rendered?window={window}", study.instances[0].path());
        let got = web.picture(&path, "image/png").await?;
        ensure!(
            (got.width, got.height) == (RAMP_EDGE, RAMP_EDGE),
            "{} pixels of an image of {RAMP_EDGE} x {RAMP_EDGE}",
            got.size()
        );
        let wrong = got.off_by_more_than(1.0, |x, y| linear(ramp_value(x, y), center, width));
        ensure!(
            wrong.is_none(),
            "{} to window={window}",
            wrong.unwrap_or_default()
        );
    }
    Ok(())
}
