//! Text cannot be stored.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "stow.415.content-type",
    title: "a store of another media type is refused with 415",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.415-as-400",
    sends: "POST /studies with Content-Type: text/plain",
    accepts: "415",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let headers = [("Content-Type", "text/plain"), ("Accept", JSON)];
    let body = Bytes::from_static(b"no instance");
    let answer = web.request("POST", "/studies", &headers, body).await?;
    ensure!(answer.status == 415, "{}", answer.summary());
    web.prepare(&context.data().study(1).build()).await
}
