//! Nonsense in an Accept header does no harm.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "web.accept.invalid-member-ignored",
    title: "members of an Accept header that cannot be read are ignored",
    clauses: &[Clause::ps3_18("8.7.7")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.bad-member-500",
    sends: "GET of metadata with Accept: bogus;;, application/dicom+json",
    accepts: "200, application/dicom+json",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("{}/metadata", study.instances[0].path());
    let answer = web.get(&path, "bogus;;, application/dicom+json").await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let rows = Row::all(&answer.body)?;
    ensure!(rows.len() == 1, "200 with {} data sets", rows.len());
    Ok(())
}
