//! What was done in part is said so.

use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.partial-is-not-success",
    title: "of a partial store or move the instance that failed is named",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Interop,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.partial-as-ok",
    sends: "a store of which the archive refuses one of two instances, and a move of which the destination refuses one of three",
    accepts: "the UID of the instance that failed in text or structured content",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let mut done = 0;
    if context.offers(Need::ToolStore) {
        let refuse = r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"C000"}},"often":"once"}"#;
        bench.turn(refuse)?;
        let answer = bench.perform(&mut session, Role::Store).await?;
        let stored: Vec<_> = bench
            .archive()
            .stored()
            .iter()
            .map(ToString::to_string)
            .collect();
        let mut upload = bench.subjects.upload.instances.iter();
        let lost = upload.find(|instance| !stored.contains(&instance.uid));
        let lost = lost
            .ok_or_else(|| Finding::NotObserved("both instances were stored in the end".into()))?;
        ensure!(
            answer.text().contains(&lost.uid),
            "no {} in {}",
            lost.uid,
            answer.summary()
        );
        done += 1;
    }
    if context.offers(Need::ToolMove) {
        let failing = &bench.subjects.studies[0].instances[1].uid;
        bench
            .destination()?
            .answer(failing, Status::OUT_OF_RESOURCES);
        let answer = bench.perform(&mut session, Role::Move).await?;
        let text = answer.text();
        ensure!(
            text.contains(failing.as_str()),
            "no {failing} in {}",
            answer.summary()
        );
        done += 1;
    }
    match done {
        0 => Err(Finding::NotApplicable(
            "neither a tool to store nor one to move".into(),
        )),
        _ => Ok(()),
    }
}
