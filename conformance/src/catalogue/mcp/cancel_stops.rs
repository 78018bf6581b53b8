//! What is cancelled is not answered.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, LATE};

pub(crate) static CHECK: Check = Check {
    id: "mcp.cancel.stops",
    title: "a cancelled call is not answered",
    clauses: &[Clause::mcp("basic/utilities/cancellation")],
    level: Level::Should,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.cancel-ignored",
    sends: "a search of an archive that answers late, a cancellation when the archive was asked, and searches until long after the archive would have answered",
    accepts: "no answer to the cancelled call",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let late = bench.turn(LATE)?;
    let mut session = bench.session().await?;
    let asked = bench.asked();
    let (tool, arguments) = bench.usual(Role::Studies)?;
    let call = session.begin_call(&tool, &arguments);
    bench.until_asked(asked + 1, &session, &call).await?;
    session.notify("notifications/cancelled", json!({"requestId": call}));
    bench.mend(late);
    bench.until_idle().await?;
    for study in &bench.subjects.studies[..5] {
        let (tool, arguments) = bench.search(&study.patient_id)?;
        session.call(&tool, &arguments).await?;
    }
    let heard = session.heard();
    let answer = heard.iter().find(|line| line.answers() == Some(&call));
    ensure!(
        answer.is_none(),
        "answered all the same: {}",
        answer.map(|line| line.excerpt()).unwrap_or_default()
    );
    Ok(())
}
