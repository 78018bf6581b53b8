//! A boundary without quotes.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.boundary-unquoted",
    title: "a boundary that is a token needs no quotes",
    clauses: &[Clause::ps3_18("8.7.1"), Clause::ps3_18("8.6.1.2.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.requires-quoted",
    sends: "POST /studies with boundary=token, unquoted",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| {
        upload
            .boundary("token")
            .typed("multipart/related; type=\"application/dicom\"; boundary=token")
    })
    .await
}
