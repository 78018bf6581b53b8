//! Logs are read by others.

use serde_json::json;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::{Bench, LAST};

pub(crate) static CHECK: Check = Check {
    id: "mcp.log.no-secrets",
    title: "credentials are told nowhere, patients not in logs",
    clauses: &[Clause::mcp("server/utilities/logging")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolStudies],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.logs-token",
    sends: "each call that the server has a tool for, then again under archives that fail",
    accepts: "the token neither on standard output nor on standard error; names and IDs of patients neither in log messages nor on standard error",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    if context.offers(Need::Logging) {
        session
            .ask("logging/setLevel", json!({"level": "debug"}))
            .await?;
    }
    let failures = bench.failures().iter().take(3);
    bench.works(&mut session, &Role::ALL).await?;
    for fault in failures {
        let rule = bench.turn(fault)?;
        for role in bench.roles() {
            if role != Role::Store {
                bench.perform(&mut session, role).await?;
            }
        }
        bench.mend(rule);
    }
    let errors = session.errors();
    let secret = bench.secret();
    ensure!(!errors.contains(secret), "the token is on standard error");
    let patient = &bench.subjects.studies[0].patient_id;
    for value in [patient.as_str(), "Yamada", LAST[0]] {
        let line = errors.lines().find(|line| line.contains(value));
        ensure!(
            line.is_none(),
            "on standard error: {:?}",
            line.unwrap_or_default()
        );
    }
    for line in session.heard() {
        let text = String::from_utf8_lossy(&line.bytes);
        ensure!(
            !text.contains(secret),
            "the token is in {}",
            line.method().unwrap_or("an answer")
        );
        let names = line.method() == Some("notifications/message") && text.contains("Yamada");
        ensure!(!names, "a patient's name is in a log message");
    }
    Ok(())
}
