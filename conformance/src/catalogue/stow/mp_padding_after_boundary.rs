//! White space after a boundary is nothing.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.padding-after-boundary",
    title: "white space between a boundary and the end of its line is ignored",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.no-lwsp",
    sends: "POST /studies with spaces and a tab after each boundary",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.padded("  \t")).await
}
