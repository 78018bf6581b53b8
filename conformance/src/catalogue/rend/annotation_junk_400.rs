//! An annotation of nothing is refused.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::rendered::refused;

pub(crate) static CHECK: Check = Check {
    id: "rend.annotation.junk-400",
    title: "an annotation without a keyword is answered 400",
    clauses: &[Clause::ps3_18("8.3.5.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.annotation-500",
    sends: "GET /rendered of an instance with an empty annotation parameter",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    refused(context, "annotation", &[""]).await
}
