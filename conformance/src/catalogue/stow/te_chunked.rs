//! A body without a length.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.te.chunked",
    title: "a chunked body is taken",
    clauses: &[Clause::ps3_18("10.5.1.3")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "stow.chunked-411",
    sends: "POST /studies with Transfer-Encoding: chunked in chunks of 1024 bytes",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.chunked(1024)).await
}
