//! Two studies in one request.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::all_taken;
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.study.multi-study",
    title: "a store to /studies takes instances of several studies",
    clauses: &[Clause::ps3_18("10.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.multi-study-409",
    sends: "POST /studies with 1 instance each of 2 new studies",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let mut instances = context.data().study(1).build().instances;
    instances.extend(context.data().study(2).build().instances);
    let upload = Upload::of(&instances.iter().collect::<Vec<_>>());
    all_taken(context, &web, &upload, &instances).await
}
