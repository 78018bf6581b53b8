//! A picture fits into its viewport without being stretched.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.viewport.fit",
    title: "a viewport of another shape is filled as far as the image's shape allows",
    clauses: &[Clause::ps3_18("8.3.5.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.viewport-stretch",
    sends: "GET /rendered of an image of 64 x 32 pixels with viewport=100,100, viewport=20,100 and viewport=300,30",
    accepts: "100 x 50, 20 x 10 and 60 x 30 pixels, each within one, with or without a dark margin",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    // All bright: a margin that fills the viewport up is not part of it.
    let picture = Picture::shades(64, 32, |_, _| 200).window("128", "256");
    let study = context.data().study(1).picture(picture).build();
    web.prepare(&study).await?;

    for (viewport, (width, height)) in [
        ("100,100", (100, 50)),
        ("20,100", (20, 10)),
        ("300,30", (60, 30)),
    ] {
        let path = format!(
            "{}/rendered?viewport={viewport}&window=128,256,linear",
            study.instances[0].path()
        );
        let got = web.picture(&path, "image/png").await?.bright_area();
        ensure!(
            got.0.abs_diff(width) <= 1 && got.1.abs_diff(height) <= 1,
            "an image of {} x {} pixels to viewport={viewport}, where {width} x {height} are due",
            got.0,
            got.1
        );
    }
    Ok(())
}
