//! An image of one frame has a frame 1.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.single-frame-object",
    title: "frame 1 of a single-frame image can be had",
    clauses: &[Clause::ps3_18("8.7.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frames-multi-only",
    sends: "GET /frames/1 of an image without Number of Frames",
    accepts: "200 with its pixels",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let instance = &study.instances[0];
    let parts = web
        .retrieve(&format!("{}/frames/1", instance.path()), OCTETS)
        .await?;
    ensure!(
        parts.len() == 1 && parts[0].content == instance.pixels,
        "{} parts with {} bytes, where the {} bytes of the image are due",
        parts.len(),
        parts.first().map_or(0, |part| part.content.len()),
        instance.pixels.len()
    );
    Ok(())
}
