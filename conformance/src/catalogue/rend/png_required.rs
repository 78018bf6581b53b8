//! PNG is among what every archive gives.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::picture::Format;
use crate::probe::rendered::drawn_as;

pub(crate) static CHECK: Check = Check {
    id: "rend.png.required",
    title: "a picture comes as PNG when that is asked for",
    clauses: &[Clause::ps3_18("8.7.4"), Clause::ps3_18("T8.7.4-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.png-406",
    sends: "GET /rendered of an instance with Accept: image/png",
    accepts: "200 with a PNG of the image's size",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    drawn_as(context, Format::Png).await
}
