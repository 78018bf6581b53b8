//! A viewport of nothing is refused.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::rendered::refused;

pub(crate) static CHECK: Check = Check {
    id: "rend.viewport.bad-400",
    title: "viewports that cannot be are answered 400",
    clauses: &[Clause::ps3_18("8.3.5.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.bad-viewport-200",
    sends: "GET /rendered of an instance with viewport=0,10, viewport=a,b and viewport=10",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    refused(context, "viewport", &["0,10", "a,b", "10"]).await
}
