//! Half a window is none.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::rendered::refused;

pub(crate) static CHECK: Check = Check {
    id: "rend.window.missing-400",
    title: "a window without its function, and one that is no window, are answered 400",
    clauses: &[Clause::ps3_18("8.3.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.window-two-values-ok",
    sends: "GET /rendered of an instance with window=100,200, window=100 and window=a,b,linear",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    refused(context, "window", &["100,200", "100", "a,b,linear"]).await
}
