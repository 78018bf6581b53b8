//! Nothing was sent.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "stow.400.empty-body",
    title: "a store without a body is refused with 400",
    clauses: &[Clause::ps3_18("10.5.3.1"), Clause::ps3_18("10.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.empty-200",
    sends: "POST /studies as multipart/related with Content-Length: 0",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let headers = [("Content-Type", MULTIPART), ("Accept", JSON)];
    let answer = web
        .request("POST", "/studies", &headers, Bytes::new())
        .await?;
    ensure!(answer.status == 400, "{}", answer.summary());
    web.prepare(&context.data().study(1).build()).await
}

const MULTIPART: &str = "multipart/related; type=\"application/dicom\"; boundary=b";
