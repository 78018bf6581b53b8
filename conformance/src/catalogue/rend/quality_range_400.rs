//! Quality has a range.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::rendered::refused;

pub(crate) static CHECK: Check = Check {
    id: "rend.quality.range-400",
    title: "a quality outside 1 to 100 is answered 400",
    clauses: &[Clause::ps3_18("8.3.5.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.quality-clamped",
    sends: "GET /rendered of an instance with quality=0, quality=101 and quality=abc",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    refused(context, "quality", &["0", "101", "abc"]).await
}
