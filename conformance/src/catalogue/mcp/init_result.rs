//! The server says who it is and what it can do.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.init.result",
    title: "initialize is answered with revision, capabilities and name",
    clauses: &[Clause::mcp("basic/lifecycle")],
    level: Level::Must,
    needs: &[Need::Mcp],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.no-server-info",
    sends: "initialize of revision 2025-11-25",
    accepts: "protocolVersion, capabilities, and serverInfo with name and version",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.start()?;
    let result = session.greet().await?;
    ensure!(
        result["protocolVersion"].is_string(),
        "protocolVersion {}",
        result["protocolVersion"]
    );
    ensure!(
        result["capabilities"].is_object(),
        "capabilities {}",
        result["capabilities"]
    );
    for member in ["name", "version"] {
        let value = result["serverInfo"][member].as_str().unwrap_or_default();
        ensure!(
            !value.is_empty(),
            "serverInfo without {member}: {}",
            result["serverInfo"]
        );
    }
    Ok(())
}
