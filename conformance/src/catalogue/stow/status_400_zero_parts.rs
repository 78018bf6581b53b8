//! A body without parts.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.400.zero-parts",
    title: "a multipart body without parts is refused with 400",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Should,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.zero-parts-200",
    sends: "POST /studies with a close delimiter and nothing else",
    accepts: "400",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let answer = web.upload("/studies", &Upload::of(&[])).await?;
    ensure!(answer.status == 400, "{}", answer.summary());
    web.prepare(&context.data().study(1).build()).await
}
