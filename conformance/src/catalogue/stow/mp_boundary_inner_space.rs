//! A space inside a boundary.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.boundary-inner-space",
    title: "a quoted boundary may have a space inside",
    clauses: &[
        Clause::ps3_18("8.6.1.2.1"),
        Clause::rfc("RFC 2046", "5.1.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.splits-on-space",
    sends: "POST /studies with the quoted boundary \"inner space\"",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.boundary("inner space")).await
}
