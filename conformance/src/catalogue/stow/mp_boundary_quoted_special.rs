//! Every character that a boundary may have.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.boundary-quoted-special",
    title: "a quoted boundary may have all characters that RFC 2046 allows",
    clauses: &[
        Clause::ps3_18("8.6.1.2.1"),
        Clause::rfc("RFC 2046", "5.1.1"),
    ],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.rejects-bchars",
    sends: "POST /studies with the quoted boundary b'()+_,-./:=?",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.boundary("b'()+_,-./:=?")).await
}
