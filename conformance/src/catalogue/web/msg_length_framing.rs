//! Every answer ends where it says that it does.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::sample::answers;

pub(crate) static CHECK: Check = Check {
    id: "web.msg.length-framing",
    title: "every answer is framed by a true Content-Length or by chunks, not both",
    clauses: &[
        Clause::ps3_18("8.4.3"),
        Clause::ps3_18("8.6"),
        Clause::rfc("RFC 9112", "6.3"),
    ],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "http.wrong-content-length",
    sends: "14 requests of all kinds around a stored study, each on a socket of our own that is read to its end",
    accepts: "Content-Length or Transfer-Encoding with every body, exactly so many bytes, no body with 204 and to HEAD",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    for (request, whole) in answers(context, &study).await? {
        if let Some(wrong) = &whole.misframed {
            ensure!(false, "{wrong}, {} to {request}", whole.head.status);
        }
    }
    Ok(())
}
