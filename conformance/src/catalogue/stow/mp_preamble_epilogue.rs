//! Text around the parts is nothing.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.preamble-epilogue",
    title: "text before the first delimiter and after the last is ignored",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.preamble-is-part",
    sends: "POST /studies with a preamble and an epilogue around 2 instances",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| {
        upload.surrounded(
            "This is a message in several parts.\r\n\r\nIgnore this.\r\n",
            "And this.\r\n",
        )
    })
    .await
}
