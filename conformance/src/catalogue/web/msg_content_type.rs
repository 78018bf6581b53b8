//! Every answer says what it is.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::sample::answers;

pub(crate) static CHECK: Check = Check {
    id: "web.msg.content-type",
    title: "answers with a body have a Content-Type, those without have none",
    clauses: &[Clause::ps3_18("8.4.2"), Clause::ps3_18("8.7.9")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "http.no-content-type",
    sends: "14 requests of all kinds around a stored study",
    accepts: "one Content-Type with every body, none without but to HEAD",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    for (request, whole) in answers(context, &study).await? {
        let types = whole.head.all("content-type");
        let expected = usize::from(!whole.body.is_empty());
        ensure!(
            types.len() == expected || request.starts_with("HEAD"),
            "{} Content-Type with {} bytes, {} to {request}",
            types.len(),
            whole.body.len(),
            whole.head.status
        );
    }
    Ok(())
}
