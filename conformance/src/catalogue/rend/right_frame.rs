//! A frame number means that frame.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::{Picture, Pixels};
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.right-frame",
    title: "a rendered frame is the one asked for",
    clauses: &[Clause::ps3_18("10.4.1.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.always-frame-1",
    sends: "GET /frames/{n}/rendered for each of 5 frames with a bright bar at different places",
    accepts: "the bar of that frame",
    run: |context| Box::pin(run(context)),
};

const SIDE: usize = 20;
const FRAMES: usize = 5;

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let width = SIDE / FRAMES;
    let place = |at: usize| (at / SIDE / SIDE, at % SIDE / width);
    let samples = (0..SIDE * SIDE * FRAMES).map(|at| match place(at) {
        (frame, bar) if frame == bar => 250,
        _ => 10,
    });
    let pixels = Pixels::Native(samples.collect());
    let picture = Picture::grey(SIDE as u16, SIDE as u16, 8, pixels).frames(FRAMES);
    let study = context.data().study(1).picture(picture).build();
    web.prepare(&study).await?;

    for frame in 1..=FRAMES {
        let path = format!("{}/frames/{frame}/rendered", study.instances[0].path());
        let got = web.picture(&path, "image/png").await?;
        ensure!(
            (got.width, got.height) == (SIDE, SIDE),
            "{} pixels",
            got.size()
        );
        let brightest = (0..SIDE).max_by_key(|&x| got.shade(x, SIDE / 2));
        let shown = brightest.unwrap_or_default() / width + 1;
        ensure!(
            shown == frame,
            "frame {shown} where frame {frame} was asked for"
        );
    }
    Ok(())
}
