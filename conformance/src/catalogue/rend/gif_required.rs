//! GIF is among what every archive gives.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::EDGE;
use crate::outcome::{Verdict, ensure};
use crate::probe::picture::Format;

pub(crate) static CHECK: Check = Check {
    id: "rend.gif.required",
    title: "a picture comes as GIF when that is asked for",
    clauses: &[Clause::ps3_18("8.7.4"), Clause::ps3_18("T8.7.4-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.gif-406",
    sends: "GET /rendered of an instance with Accept: image/gif",
    accepts: "200 with a GIF of the image's size",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let path = format!("{}/rendered", study.instances[0].path());
    let picture = web.picture(&path, "image/gif").await?;
    ensure!(
        picture.format == Format::Gif,
        "{} in place of GIF",
        picture.format.media()
    );
    let edge = usize::from(EDGE);
    ensure!(
        (picture.width, picture.height) == (edge, edge),
        "{} pixels of an image of {edge} x {edge}",
        picture.size()
    );
    Ok(())
}
