//! JSON is called JSON.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::{Account, JSON};

pub(crate) static CHECK: Check = Check {
    id: "stow.resp.json-type",
    title: "a store response in JSON is of type application/dicom+json",
    clauses: &[Clause::ps3_18("10.5.4"), Clause::ps3_18("F.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.resp-text-json",
    sends: "POST /studies with 2 instances, Accept: application/dicom+json",
    accepts: "Content-Type: application/dicom+json and a data set",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    let kind = answer.content_type().split(';').next().unwrap_or_default();
    ensure!(kind.trim() == JSON, "Content-Type {kind:?}");
    let listed = Account::of(&answer)?.referenced.len();
    ensure!(listed == 2, "a response with {listed} of 2 instances");
    Ok(())
}
