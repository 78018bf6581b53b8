//! The longest boundary.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.boundary-70",
    title: "a boundary may have 70 characters",
    clauses: &[
        Clause::ps3_18("8.6.1.2.1"),
        Clause::rfc("RFC 2046", "5.1.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.boundary-max-64",
    sends: "POST /studies with a boundary of 70 characters",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.boundary(&"0123456789".repeat(7))).await
}
